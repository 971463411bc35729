/**
 * Owns the rendering of the hosted pages: one EJS file a page, over one layout. It knows what each
 * page needs (`ViewModels`) and refuses everything else: a template gets its model, the page's
 * context and a few formatting functions, and can look nothing up.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs from 'ejs';
import type { ErrorCode, ErrorKind } from './errors.ts';
import type { I18n, TextParams } from './i18n.ts';
import { type DateStyle, errorText, formatDate, sentenceSegments } from './page-text.ts';

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
  'interaction/sign-in': FormModel & {
    action: string;
    email: string;
    remember?: boolean;
    cancelHref?: string;
    /** Re-authentication as a known person: shown read-only, still submitted as `login`. */
    expectedEmail?: string;
    hasRecovery: boolean;
    recoveryHref?: string;
    /** `name` is the provider's key, such as `google`, and chooses its mark. */
    otherMethods: { name: string; label: string; href: string }[];
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
      pictureUrl?: string;
    };
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
  'errors/error': ErrorModel;
}

export type ViewName = keyof ViewModels;

/** Every view there is, in the order in which people meet them. */
export const viewNames = [
  'welcome',
  'interaction/set-up',
  'interaction/sign-in',
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
  'errors/error',
] as const satisfies readonly ViewName[];

export interface Views {
  /** The whole HTML document of a page. Throws when the model or the locale misses something. */
  render<V extends ViewName>(view: V, page: PageContext, model: ViewModels[V]): string;
}

export interface ViewsOptions {
  /** The views directory: layouts, partials and one folder a floor of pages. */
  directory: string;
  i18n: I18n;
  /** True compiles each template once; false reads it at each rendering, for development. */
  cache: boolean;
  /** The URL of a file of views/assets, such as `gatehouse.css` (see web/assets.ts). */
  assetUrl: (name: string) => string;
  /** The clock that "2 hours ago" is told from. */
  now?: () => Date;
}

/** What a page tells the layout about itself. */
interface Frame {
  title?: string;
  /** 44rem rather than 26rem. */
  wide?: boolean;
  /** A form came back with an error; the title says so first, for those who hear it. */
  failed?: boolean;
  /** The page links to the client's policy and terms itself. */
  hasOwnPolicies?: boolean;
}

/** What a template can see. Nothing else is in its scope, and it runs in strict mode. */
const templateScope = [
  't',
  'page',
  'model',
  'body',
  'layout',
  'sentence',
  'errorText',
  'formatDate',
  'assetUrl',
  'webUrl',
  'safeHref',
  'accent',
  'now',
];

/** Compiles every template at once when `cache` is set: a broken template stops the start, not a reader. */
export function createViews(options: ViewsOptions): Views {
  const now = options.now ?? (() => new Date());
  const compiled = new Map<string, ejs.TemplateFunction>();

  function template(name: string): ejs.TemplateFunction {
    const known = compiled.get(name);
    if (known) return known;
    const filename = join(options.directory, `${name}.ejs`);
    const made = ejs.compile(readFileSync(filename, 'utf8'), {
      filename,
      root: options.directory,
      cache: options.cache,
      strict: true,
      destructuredLocals: templateScope,
    });
    if (options.cache) compiled.set(name, made);
    return made;
  }

  if (options.cache) for (const name of ['layouts/page', ...viewNames]) template(name);

  return Object.freeze({
    render<V extends ViewName>(view: V, page: PageContext, model: ViewModels[V]): string {
      const t = options.i18n.translator(page.locale);
      const frame: Frame = {};
      const moment = now();
      const scope = {
        t,
        now: moment,
        page,
        layout: (given: Frame) => void Object.assign(frame, given),
        sentence: (key: string, params: TextParams) => sentenceSegments(t, key, params),
        errorText: (error: ErrorModel | FormError, label?: string) => errorText(t, error, label),
        formatDate: (date: Date, style: DateStyle) =>
          formatDate(date, style, { locale: t('locale.formats'), timeZone: knownZone(page.timeZone), now: moment }),
        assetUrl: options.assetUrl,
        webUrl,
        safeHref,
        accent: /^#?([0-9a-f]{6})$/i.exec(page.tenant?.accentColor ?? '')?.[1]?.toLowerCase(),
      };
      const body = template(view)({ ...scope, model });
      if (!frame.title) throw new Error(`View ${view} gave the layout no title`);
      return template('layouts/page')({ ...scope, model: frame, body });
    },
  });
}

/** A zone that a person or an old import wrote, when this machine knows it; UTC otherwise. */
function knownZone(timeZone: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timeZone ?? 'UTC' }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

/** The address when it is an absolute http(s) one, for links and images that others have registered. */
function webUrl(value: string | undefined): string | undefined {
  return value && /^https?:\/\//i.test(value) ? value : undefined;
}

/**
 * The address unless it would run as script. Application links may have any other scheme: a native
 * application is returned to by its own. The policy of the pages forbids script addresses too.
 */
function safeHref(value: string): string {
  // Browsers skip control characters and spaces when they read a scheme.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to skip
  const scheme = value.replace(/[\u0000-\u0020]/g, '').toLowerCase();
  return /^(javascript|data|vbscript):/.test(scheme) ? '#' : value;
}
