/**
 * What a role is called to a person. The roles that every tenant has bear one name in the program, and to people one in
 * their own language; any other role has the name that the tenant gave it. The name alone tells: these are in every tenant
 * from its beginning, are never renamed, and no other role of it can have the same one.
 */
import type { Translate } from '../../platform/i18n.ts';

/** `createSystemRoles` (domain/access) makes them; a test holds the two together. */
export const translatedRoles: readonly string[] = ['owner', 'admin', 'member'];

export function roleText(t: Translate, role: string): string {
  return translatedRoles.includes(role) ? t(`roles.system.${role}`) : role;
}
