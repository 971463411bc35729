/**
 * Owns the rendering of the hosted pages: one EJS file a page, over one layout. A template gets its
 * model (view-models.ts), the page's context and a few formatting functions, and can look nothing up.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs from 'ejs';
import { roleText } from '../../domain/messages/role-text.ts';
import { isSupportUrl, lookOf, productName } from '../../platform/brand.ts';
import { type DateStyle, formatDate, knownZone } from '../../platform/format-date.ts';
import type { I18n, TextParams } from '../../platform/i18n.ts';
import type { AccountNav } from '../account/sections.ts';
import type { ConsoleFrame } from '../console/frame.ts';
import type { FormError } from './form-model.ts';
import { addressText, errorText, sentenceSegments } from './page-text.ts';
import type { ErrorModel, PageContext, ViewModels, ViewName } from './view-models.ts';

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
  /** The URL of a file of views/assets, such as `gatehouse.css` (see web/pages/assets.ts). */
  assetUrl: (name: string) => string;
  /** The clock that "2 hours ago" is told from. */
  now?: () => Date;
}

/** What a page tells the layout about itself. */
interface Frame {
  title?: string;
  /** 44rem rather than 26rem. */
  wide?: boolean;
  /** Of a page of the account: its sections, beside it. */
  nav?: AccountNav;
  /** Of a page of the console: what surrounds it. It has a layout of its own. */
  console?: ConsoleFrame;
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
  'addressText',
  'roleText',
  'formatDate',
  'assetUrl',
  'webUrl',
  'safeHref',
  'accent',
  'look',
  'isNamed',
  'supportUrl',
  'now',
];

/** The pages of a views directory, by their paths in it. */
export function pageNames(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ejs') && !/^(?:layouts|partials|mail)\//.test(file))
    .map((file) => file.slice(0, -'.ejs'.length))
    .sort();
}

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

  if (options.cache)
    for (const name of ['layouts/page', 'layouts/console', ...pageNames(options.directory)]) template(name);

  return Object.freeze({
    render<V extends ViewName>(view: V, page: PageContext, model: ViewModels[V]): string {
      const t = options.i18n.translator(page.locale);
      const frame: Frame = {};
      const moment = now();
      const look = lookOf(page.tenant ?? undefined, page.server);
      const scope = {
        t,
        now: moment,
        page,
        layout: (given: Frame) => void Object.assign(frame, given),
        sentence: (key: string, params: TextParams) => sentenceSegments(t, key, params),
        errorText: (error: ErrorModel | FormError, label?: string) => errorText(t, error, label),
        addressText,
        roleText: (role: string) => roleText(t, role),
        formatDate: (date: Date, style: DateStyle) =>
          formatDate(date, style, { locale: t('locale.formats'), timeZone: knownZone(page.timeZone), now: moment }),
        assetUrl: options.assetUrl,
        webUrl,
        safeHref,
        look,
        // Without a logo the server's own mark stands for it, until it has another name.
        isNamed: page.tenant !== null || page.server.name !== productName,
        supportUrl: look.supportUrl !== undefined && isSupportUrl(look.supportUrl) ? look.supportUrl : undefined,
        accent: /^#?([0-9a-f]{6})$/i.exec(look.accentColor ?? '')?.[1]?.toLowerCase(),
      };
      const body = template(view)({ ...scope, model });
      if (!frame.title) throw new Error(`View ${view} gave the layout no title`);
      return template(frame.console ? 'layouts/console' : 'layouts/page')({ ...scope, model: frame, body });
    },
  });
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
