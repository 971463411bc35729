/** What floors above the domain seal and that may name a person: all of it, for an erasure to look through. */
import type { ForgetSealed } from '../domain/lifecycle/erase-person.ts';
import { forgetPayloadsAbout } from '../oidc/storage/forget-payloads.ts';
import { forgetAnswersAbout } from './repeated-requests.ts';

export const sealedAbove: readonly ForgetSealed[] = [forgetPayloadsAbout, forgetAnswersAbout];
