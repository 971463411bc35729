/** Sends an import as a client does: a line a row, and reads a result a line. */
import type { TestApp } from './app.ts';

export interface ImportedRow {
  line: number;
  outcome: 'created' | 'updated' | 'unchanged' | 'refused';
  user_id: string | null;
  kept: string[];
  error: { code: string; message: string; fields?: { field: string }[] } | null;
}

export interface ImportAnswer {
  status: number;
  rows: ImportedRow[];
  /** `outcome` of each, and why it was refused. */
  outcomes: string[];
  text: string;
}

export async function importAs(
  app: Pick<TestApp, 'issuer'>,
  token: string,
  rows: readonly unknown[] | string,
  { query = '', type = 'application/x-ndjson' }: { query?: string; type?: string } = {},
): Promise<ImportAnswer> {
  const response = await fetch(`${app.issuer}/api/v1/users/import${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: typeof rows === 'string' ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  });
  const text = await response.text();
  const isRows = response.headers.get('content-type')?.includes('ndjson') === true;
  const read = isRows ? text.split('\n').filter((line) => line !== '') : [];
  const results = read.map((line) => JSON.parse(line) as ImportedRow);
  const outcomes = results.map(({ outcome, error }) => (error ? `${outcome} ${error.code}` : outcome));
  return { status: response.status, rows: results, outcomes, text };
}
