/**
 * The list of ways to sign in. The only file that knows all of them: a new one is a folder beside these and a line here. Who
 * needs to ask several is handed this list.
 */
import type { SignInMethod } from '../sign-in/method.ts';
import { codeMethod } from './code/code-method.ts';
import { federationMethod } from './federation/federation-method.ts';
import { passkeyMethod } from './passkey/passkey-method.ts';
import { passwordMethod } from './password/password-method.ts';

/** In the order in which sign-in pages show them. */
export const signInMethods: readonly SignInMethod[] = [passwordMethod, passkeyMethod, codeMethod, federationMethod];

/** What `sign_in_methods` of a tenant may name beside the keys of identity providers. */
export const methodNames: readonly string[] = signInMethods.flatMap(({ settingNames }) => settingNames);
