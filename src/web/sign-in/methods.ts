/** The ways to sign in, each in a file of its own. */
import { code } from './code.ts';
import { federation } from './federation.ts';
import { passkey } from './passkey.ts';
import { password } from './password.ts';
import type { WebSignInMethod } from './sign-in-method.ts';

/** In the order of their buttons. */
export const methods: readonly WebSignInMethod[] = [password, passkey, code, federation];
