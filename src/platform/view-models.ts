/**
 * Owns what each hosted page needs: the model of every view, typed, and the list of the views there are. It says what is
 * shown and under which names the forms answer; it renders nothing (views.ts does) and refuses to know where it comes from.
 */

import type { ErrorCode, ErrorKind } from './errors.ts';
import type { TextParams } from './i18n.ts';

/** What surrounds every page, whatever it shows. */
export interface PageContext {
  locale: string;
  /** The page in each language, the current one included. Relative links such as `?lang=fr`. */
  localeLinks: { code: string; name: string; href: string; current: boolean }[];
  theme: 'light' | 'dark' | 'system';
  /** Null on pages that belong to no tenant. `accentColor` is `#rrggbb`; anything else is ignored. */
  tenant: { name: string; logoUrl?: string; accentColor?: string } | null;
  /** The application that sent the person here, if one did. */
  client: { name: string; logoUri?: string; policyUri?: string; tosUri?: string } | null;
  requestId: string;
  /** IANA zone in which times are told; UTC when the reader's is unknown. */
  timeZone?: string;
}

/** Why a form came back; `field` is the name of the input to correct. */
export interface FormError {
  code: ErrorCode;
  params?: TextParams;
  field?: string;
}

export interface HiddenField {
  name: string;
  value: string;
}

/** What every page with a form takes beside its own fields. */
export interface FormModel {
  error?: FormError;
  csrf?: string;
}

/** The kinds of a `DomainError`, our own faults, and refused authorization requests. */
export type PageErrorKind = ErrorKind | 'internal' | 'oauth';

export interface ErrorModel {
  kind: PageErrorKind;
  /** A `DomainError` code, or for kind `oauth` the OAuth error code. */
  code: string;
  params?: TextParams;
  /** A locale key that replaces the heading of this kind. */
  heading?: string;
  /** For kind `oauth`: our own description of the fault. Elsewhere the code's text is shown. */
  message?: string;
  retryAfterSeconds?: number;
  wayOn?: { href: string; label: 'try_again' | 'sign_in' | 'home' | 'back_to_app' };
}

/** How a code or a link reaches a person. */
export type MessageChannel = 'email' | 'sms' | 'whatsapp';

/** What a code is asked for; it chooses the words of the pages. */
export type CodePagePurpose = 'login' | 'sign_up' | 'recovery' | 'link';

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

/** A place that an invitation, a role or a grant reaches: names from the tenant's root to the place itself. */
type PlacePath = string[];

/** The model of each view, by the view's path under the views directory. */
export interface ViewModels {
  welcome: {
    signInHref: string;
    accountHref: string;
    signedInAs?: string;
    issuer: string;
    discoveryHref: string;
    developmentNotes: boolean;
  };
  /** Posts `login`, `password` and, where `remember` is given, `remember=yes`. */
  'interaction/sign-in': FormModel & {
    action: string;
    email: string;
    /** What the field `login` asks for. Without it: an email address. */
    loginKind?: 'email' | 'email_or_phone';
    remember?: boolean;
    cancelHref?: string;
    /** Re-authentication as a known person: shown read-only, still submitted as `login`. */
    expectedEmail?: string;
    /** Whether the tenant has passwords at all; without it, it has. False leaves only the buttons. */
    hasPassword?: boolean;
    hasRecovery: boolean;
    recoveryHref?: string;
    /** Where a one-time code can be asked for, in the order in which they are offered. */
    codeMethods?: ChannelLink[];
    providers?: ProviderLink[];
    /** Only where anyone may make an account. */
    signUpHref?: string;
    /** Ready-made buttons, such as a passkey's: `name` chooses the mark. */
    otherMethods: { name: string; label: string; href: string }[];
  };
  /** Asks for the address that a code or a link goes to. Posts `channel` and `address`. */
  'interaction/code-request': FormModel & {
    action: string;
    channel: MessageChannel;
    /** As it was typed before, or as it is known. */
    address: string;
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
    /** As the message's sender sees it: the canonical address. */
    destination: string;
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
  /** Recovery, after its form: says the same whoever lives at the address. */
  'interaction/message-sent': {
    destination: string;
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
  'interaction/password-changed': { continueHref?: string };
  /** Posts nothing for an account that exists; else `full_name` and, where offered, `password`. */
  'interaction/invitation': FormModel & {
    action: string;
    tenantName: string;
    inviterName?: string;
    role: string;
    place: PlacePath;
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
    /** Whether an account was made, rather than a role added to one. */
    created: boolean;
    continueHref?: string;
  };
  /** Proof of the local account before an identity is linked to it. Posts `password`. */
  'interaction/link-account': FormModel & {
    providerName: string;
    /** The provider's key: chooses its mark. */
    providerKey?: string;
    /** The address that the provider gave, by which the account was found. */
    email: string;
    hasPassword: boolean;
    action: string;
    /** Where a code can be asked for instead. */
    codeHref?: string;
    cancelHref: string;
  };
  'interaction/choose-tenant': FormModel & {
    action: string;
    choices: {
      value: string;
      tenantName: string;
      logoUrl?: string;
      accountName: string;
      detail?: string;
    }[];
  };
  'interaction/select-account': FormModel & {
    continueAction: string;
    account: { name: string; email: string; pictureUrl?: string };
    switchAction: string;
  };
  'interaction/consent': FormModel & {
    action: string;
    account: { name: string; email: string };
    /** Without `title`, a standard scope gets its words from the locale, another its own name. */
    scopes: { name: string; title?: string; description?: string; isNew: boolean }[];
    claims: { name: string; title?: string }[];
    resources: {
      name: string;
      identifier: string;
      scopes: { name: string; title?: string; description?: string }[];
    }[];
    offlineAccess: boolean;
    redirectHost: string;
  };
  'interaction/sign-out': FormModel & {
    formAction: string;
    fields: HiddenField[];
    account?: { name: string; email: string };
  };
  /** `stayed`: the person chose not to sign out after all. */
  'interaction/signed-out': { continueHref?: string; stayed?: boolean };
  'interaction/device-code': FormModel & {
    action: string;
    fields: HiddenField[];
    userCode: string;
  };
  'interaction/device-confirm': FormModel & {
    action: string;
    fields: HiddenField[];
    userCode: string;
    deviceInfo?: { ip?: string; browser?: string };
    /** Whether the form offers Cancel (`name=abort value=yes`). */
    abort: boolean;
  };
  'interaction/device-done': { cancelled?: boolean };
  'interaction/set-up': FormModel & {
    action: string;
    email: string;
    /** The link is for this address alone. */
    emailFixed?: boolean;
    fullName: string;
    /** The person becomes one more owner of this tenant. */
    joins?: string;
    tenantName: string;
  };
  'interaction/switching': { formAction: string; fields: HiddenField[] };
  'account/home': {
    account: {
      name: string;
      email: string;
      emailVerified: boolean;
      phone?: string;
      /** Without it, nothing is said about the phone's proof. */
      phoneVerified?: boolean;
      pictureUrl?: string;
    };
    /** Where an address that is not verified yet can be. */
    verify?: { email?: string; phone?: string };
    /** What the person has just done. */
    notice?: 'identity_linked' | 'identity_unlinked' | 'address_verified';
    /** Why what the person has just tried failed. */
    error?: FormError;
    /** Accounts elsewhere that sign in to this one. Unlinking posts `provider=<key>`. */
    identities?: {
      /** The provider's key; a person has one account at each. */
      provider: string;
      /** The provider's name. */
      name: string;
      /** The account there, such as its email address. */
      detail?: string;
      linkedAt?: Date;
      /** False where it is the only way left to sign in. */
      canUnlink: boolean;
    }[];
    /** Providers that could still be linked. Linking posts `provider=<key>`. */
    linkable?: { key: string; name: string }[];
    linkAction?: string;
    unlinkAction?: string;
    /** `path` runs from the tenant's root to the place's parent, by name. */
    roles: { role: string; place: string; path: string[]; startsAt?: Date; endsAt?: Date }[];
    visibility: { place: string; scope: 'read' | 'analyze'; endsAt?: Date }[];
    sessions: {
      id: string;
      browser: string;
      os: string;
      ip?: string;
      /** RFC 8176 method names. */
      amr: string[];
      signedInAt: Date;
      lastSeenAt: Date;
      current: boolean;
    }[];
    /** Takes a POST with `session=<id>`. */
    revokeAction: string;
    signOutHref: string;
    csrf?: string;
  };
  /** Proves an address of one's own. `sendAction` takes `channel` or nothing, `action` takes `code`. */
  'account/verify': FormModel & {
    action: string;
    sendAction: string;
    destination: string;
    kind: 'email' | 'phone';
    /** Whether a code is on its way; before, the page only offers to send one. */
    sent: boolean;
    resendInSeconds: number;
    backHref: string;
    /** The ways to a phone, the preferred one first. Without it: email for an email address, SMS for a phone. */
    channels?: MessageChannel[];
    /** How long the code works; needed once it is sent. */
    minutes?: number;
  };
  'errors/error': ErrorModel;
}

export type ViewName = keyof ViewModels;

/** Every view there is, in the order in which people meet them. */
export const viewNames = [
  'welcome',
  'interaction/set-up',
  'interaction/invitation',
  'interaction/invitation-accepted',
  'interaction/sign-in',
  'interaction/code-request',
  'interaction/code-entry',
  'interaction/message-sent',
  'interaction/new-password',
  'interaction/password-changed',
  'interaction/sign-up-profile',
  'interaction/link-account',
  'interaction/choose-tenant',
  'interaction/select-account',
  'interaction/consent',
  'interaction/switching',
  'interaction/sign-out',
  'interaction/signed-out',
  'interaction/device-code',
  'interaction/device-confirm',
  'interaction/device-done',
  'account/home',
  'account/verify',
  'errors/error',
] as const satisfies readonly ViewName[];
