/**
 * Owns what the pages need on which people come in: signing in with a password or a code, recovery, sign-up,
 * invitations. Under what names their forms answer stands with each.
 */

import type { FormModel } from './form-model.ts';

/** How a code or a link reaches a person. */
export type MessageChannel = 'email' | 'sms' | 'whatsapp';

/** What a code is asked for; it chooses the words of the pages. */
export type CodePagePurpose = 'login' | 'sign_up' | 'recovery' | 'link';

/** What a person may be called by at a sign-in. */
export type LoginKind = 'email' | 'email_or_phone' | 'email_or_username' | 'email_phone_or_username';

/** A page where the same can be done through another channel. */
export interface ChannelLink {
  channel: MessageChannel;
  href: string;
}

/** A button to an identity provider. `key` is the provider's key, such as `google`, and chooses its mark. */
export interface ProviderLink {
  key: string;
  /** What the provider calls itself: "Continue with {name}". */
  name: string;
  href: string;
}

/** What the browser asks an authenticator to sign. */
export interface PasskeyRequest {
  action: string;
  rpId: string;
  /** base64url */
  challenge: string;
  /** The id of one that the browser has just offered and that is no more. */
  unknown?: string;
}

/** The models of these views, by the view's path; part of `ViewModels`. */
export interface SignInViewModels {
  /**
   * Posts `login` and `password`. Its other buttons post `to`, one of `recovery`, `new_account` and the channels of `codeMethods`, with
   * what was typed as `login`; where there are no passwords they are links.
   */
  'interaction/sign-in': FormModel & {
    action: string;
    email: string;
    /** What the field `login` asks for. Without it: an email address. */
    loginKind?: LoginKind;
    cancelHref?: string;
    /** Re-authentication as a known person: an email address or a phone number, read-only, still submitted as `login`. */
    expectedEmail?: string;
    /** Then: where somebody else signs in. */
    otherHref?: string;
    /** Whether the tenant has passwords at all; without it, it has. False leaves only the buttons. */
    hasPassword?: boolean;
    hasRecovery: boolean;
    recoveryHref?: string;
    /** Where a one-time code can be asked for, in the order in which they are offered. */
    codeMethods?: ChannelLink[];
    providers?: ProviderLink[];
    /** Where passkeys are taken; without scripts nothing of it shows. Posts `credential`: the JSON form of an assertion. */
    passkey?: PasskeyRequest;
    /** Where a person of several organisations names the one that is meant. */
    organisationHref?: string;
    /** Only where anyone may make an account. */
    signUpHref?: string;
    /** A button each: `button`, such as `passkey`, chooses its mark, and its words `interaction.sign_in.by_<button>`. */
    otherMethods: { button: string; href: string }[];
  };
  /** Asks for the address that a code or a link goes to. Posts `channel` and `address`. */
  'interaction/code-request': FormModel & {
    action: string;
    channel: MessageChannel;
    /** As it was typed before, or as it is known. */
    address: string;
    /** A username of the tenant will do. */
    usernames?: boolean;
    /** The address can't be changed: shown read-only, still submitted. */
    addressFixed?: boolean;
    otherChannels: ChannelLink[];
    /** The sign-in page, or what led here. */
    backHref: string;
    purpose: CodePagePurpose;
    /** ISO 3166-1 alpha-2 country whose national numbers are understood, if exactly one is. */
    defaultCountryCode?: string;
    /** Only at sign-up: accounts that can be used instead. */
    providers?: ProviderLink[];
  };
  /** Takes the code: posts `code` to `action`. Its second form posts to `resendAction`, with `channel` or nothing. */
  'interaction/code-entry': FormModel & {
    action: string;
    resendAction: string;
    /** As the message's sender sees it: the canonical address. Or a username; where that leads is told nobody. */
    destination: string;
    byUsername?: boolean;
    channel: MessageChannel;
    /** How long another code can't be asked for. 0: at once. */
    resendInSeconds: number;
    /** Other channels to the same destination: a button with `name=channel` each. */
    switchTo: MessageChannel[];
    /** Where another address can be given. */
    backHref: string;
    /** Recovery is by link. */
    purpose: Exclude<CodePagePurpose, 'recovery'>;
    /** How long the code works. */
    minutes: number;
  };
  /** Recovery, after its form: says the same, whether or not somebody lives at the address. */
  'interaction/message-sent': {
    /** An address, or a username. */
    destination: string;
    byUsername?: boolean;
    channel: MessageChannel;
    /** Where another address can be given. */
    backHref: string;
    /** How long the link works. */
    minutes: number;
    /** To the sign-in page, when there is one to go back to. */
    signInHref?: string;
  };
  /** The rest of a new account, its address proved. Posts `full_name` and, where offered, `password`. */
  'interaction/sign-up-profile': FormModel & {
    action: string;
    destination: string;
    fullName: string;
    passwordRequired: boolean;
    /** Offered and not required: may be left empty. */
    passwordOffered: boolean;
  };
  /** The form behind a recovery link. Posts `account` and `password`. */
  'interaction/new-password': FormModel & {
    action: string;
    /** Every account of the address; with one, nothing is asked. */
    accounts: { value: string; tenantName: string; accountName: string }[];
    destination: string;
    /** The account chosen before the form came back. */
    account?: string;
  };
  /**
   * `to`: the sign-in that waits in this browser, the application's own start page, or the person's account. An application
   * without a start page has no `continueHref`: the page says to go back to it.
   */
  'interaction/password-changed': {
    to: 'sign_in' | 'client' | 'account';
    continueHref?: string;
    /** Beside an application's start page, or in place of it. */
    accountHref?: string;
  };
  /** Posts nothing for an account that exists; else `full_name` and, where offered, `password`. */
  'interaction/invitation': FormModel & {
    action: string;
    tenantName: string;
    inviterName?: string;
    role: string;
    /** Names, from the tenant's root to the place itself. */
    place: string[];
    /** Masked, such as `a•••@example.org`. */
    address: string;
    existingAccount: boolean;
    fullName: string;
    passwordOffered: boolean;
    passwordRequired: boolean;
    expiresAt: Date;
  };
  'interaction/invitation-accepted': {
    tenantName: string;
    role: string;
    /** The name of the node; the tenant's own where it is all of it. */
    place: string;
    /** Whether an account was made, rather than a role added to one. */
    created: boolean;
    continueHref?: string;
  };
}
