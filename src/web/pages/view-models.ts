/**
 * Owns what each hosted page needs: the model of every view, typed. A page that one feature alone draws may have its model
 * there, as an addition to `ViewModels`. It says what is shown and under which names the forms answer; it renders nothing
 * (views.ts does) and refuses to know where it comes from.
 */

import type { Brand } from '../../platform/brand.ts';
import type { ErrorKind } from '../../platform/errors.ts';
import type { TextParams } from '../../platform/i18n.ts';
import type { ReaderModel } from '../api/reader.ts';
import type { FormModel, HiddenField } from './form-model.ts';
import type { SignInViewModels } from './sign-in-view-models.ts';

/** What surrounds every page, whatever it shows. */
export interface PageContext {
  locale: string;
  /** The page in each language, the current one included. Relative links such as `?lang=fr`. */
  localeLinks: { code: string; name: string; href: string; current: boolean }[];
  theme: 'light' | 'dark' | 'system';
  /** The look of the server: of pages that belong to no tenant, and where a tenant has chosen none. */
  server: Brand;
  /** Null on pages that belong to no tenant. */
  tenant: Brand | null;
  /** The application that sent the person here, if one did. */
  client: { name: string; logoUri?: string; policyUri?: string; tosUri?: string } | null;
  requestId: string;
  /** IANA zone in which times are told; UTC when the reader's is unknown. */
  timeZone?: string;
  /** To be looked at alone: it has no scripts, shows what needs them all the same, and nothing in it takes the focus. */
  still?: boolean;
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

/** The model of each view, by the view's path under the views directory. */
export interface ViewModels extends SignInViewModels {
  welcome: {
    signInHref: string;
    accountHref: string;
    signedInAs?: string;
    issuer: string;
    discoveryHref: string;
    developmentNotes: boolean;
  };
  'api/reader': ReaderModel;
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
    /** Access at single places (authorization details). */
    places: { name: string; resource: string; actions: { name: string; title?: string }[] }[];
    offlineAccess: boolean;
    redirectHost: string;
    /** Where the document is that alone tells of the application; absent: it is registered. */
    documentHost?: string;
    /** It acts for the person while they are away. */
    agent: boolean;
    /** For how many days the consent may last: several to choose from, one, or none where it lasts as any. */
    days: number[];
    proposedDays?: number;
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
  'interaction/set-up-done': {
    signInHref: string;
    /** The commands of what to do next, in parts that belong on one line. */
    commands: { application: string[]; people: string[]; messages: string[] };
    apiHref: string;
    discoveryHref: string;
  };
  /** `signsOut`: what is carried on is the end of the session. */
  'interaction/switching': { formAction: string; fields: HiddenField[]; signsOut?: boolean };
  'errors/error': ErrorModel;
}

export type ViewName = keyof ViewModels;
