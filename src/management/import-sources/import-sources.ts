/** From where people can come: each source, and how what it writes out is read as rows of an import. Looks nothing up. */
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import type { ReadLine } from '../operation.ts';
import { auth0Person } from './auth0.ts';
import { cognitoPerson } from './cognito.ts';
import { itemsIn, mapped } from './documents.ts';
import { type FirebaseHashing, firebasePerson } from './firebase.ts';
import { keycloakPerson } from './keycloak.ts';
import { tableItems, tableRows } from './table.ts';

export const importSourceCodes = defineCodes({
  IMPORT_UNREADABLE: { kind: 'invalid', means: 'the text is not what this source writes out' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof importSourceCodes> {}
}

export const importFormats = ['csv', 'json', 'ndjson', 'firebase', 'auth0', 'keycloak', 'cognito'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface SourceOptions {
  firebase?: FirebaseHashing;
}

/**
 * The rows that a text of a source means, as the API takes them. What one of them says wrong is found when it is imported.
 * @throws DomainError invalid IMPORT_UNREADABLE
 */
export function readSource(format: ImportFormat, text: string, options: SourceOptions = {}): readonly ReadLine[] {
  if (format === 'csv') return tableRows(text);
  // A list that its command writes begins with a brace; a table does not.
  if (format === 'cognito' && !/^\s*[[{]/.test(text)) return mapped(tableItems(text), cognitoPerson);
  const items = itemsIn(text, ['users', 'Users', 'items']);
  if (!items) throw new DomainError('invalid', 'IMPORT_UNREADABLE');
  switch (format) {
    case 'firebase':
      return mapped(items, firebasePerson(options.firebase));
    case 'auth0':
      return mapped(items, auth0Person);
    case 'keycloak':
      return mapped(items, keycloakPerson);
    case 'cognito':
      return mapped(items, cognitoPerson);
    default:
      return mapped(items, (item) => item);
  }
}
