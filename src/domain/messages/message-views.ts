/**
 * Owns the words and looks of messages: one folder a message under views/mail, with the subject, the text, the HTML and
 * the short form for phones. Refuses a link that does not begin with the configured issuer, and names that would become
 * links of their own in a mail program.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs from 'ejs';
import { type Brand, lookOf, productName } from '../../platform/brand.ts';
import { formatDate, knownZone } from '../../platform/format-date.ts';
import type { I18n } from '../../platform/i18n.ts';
import { mailLook } from './mail-look.ts';
import { roleText } from './role-text.ts';

/** What a one-time code is for. */
export type MessagePurpose = 'login' | 'sign_up' | 'verify_email' | 'verify_phone' | 'link_identity' | 'second_factor';

/** What has become of a person's second factors. */
export type FactorChange = 'enrolled' | 'key_enrolled' | 'removed' | 'codes_renewed' | 'reset' | 'reset_requested';

/** The model of each message, by its folder. Links are complete and begin with the configured issuer. */
export interface MessageModels {
  /** `host` is the host of the issuer: what phones bind the code to, and whom a code without `tenantName` is from. */
  code: { code: string; minutes: number; purpose: MessagePurpose; tenantName?: string; host: string };
  'account-exists': { tenantName: string; signInHref: string };
  recovery: { href: string; minutes: number; tenantName: string };
  'password-changed': { tenantName: string; at: Date; href: string };
  /** `place` is the name of the node; the tenant's own name stands for all of it. */
  invitation: {
    tenantName: string;
    inviterName?: string;
    role: string;
    place: string;
    href: string;
    expiresAt: Date;
  };
  'identity-linked': { tenantName: string; provider: string; href: string };
  /** Somebody else took the address from its account; it is what the message goes to. */
  'email-changed': { tenantName: string; href: string };
  /** `at`: when it was done, or, of a reset that waits, when it will be. `takesBack`: whether `href` takes back what was done. */
  'factors-changed': { tenantName: string; change: FactorChange; at: Date; takesBack: boolean; href: string };
  'passkey-added': { tenantName: string; href: string };
  /** An address was proved for the first time, and what somebody else had set up before was taken away. */
  'credentials-removed': { tenantName: string; href: string };
  /** To the address that the person had before. `href` takes it back, for so many hours. */
  'address-changed': { tenantName: string; kind: 'email' | 'phone'; at: Date; hours: number; href: string };
  /** `at`: when the account is erased. `href` keeps it, for whoever did not ask for that. */
  'account-deletion': { tenantName: string; at: Date; href: string };
  /** An application waits for the person's approval, until `expiresAt`. */
  'approval-request': { tenantName: string; application: string; expiresAt: Date; href: string };
  /** What is not known of the browser is empty. `href` says that it was somebody else. */
  'new-device': { tenantName: string; browser: string; os: string; ip: string; at: Date; href: string };
}

export type MessageTemplate = keyof MessageModels;

export const messageTemplates = [
  'code',
  'account-exists',
  'recovery',
  'password-changed',
  'invitation',
  'identity-linked',
  'email-changed',
  'factors-changed',
  'passkey-added',
  'credentials-removed',
  'address-changed',
  'account-deletion',
  'new-device',
  'approval-request',
] as const satisfies readonly MessageTemplate[];

export interface MailContent {
  /** Whose name the mail bears; absent: that of the configured sender. */
  fromName?: string;
  subject: string;
  text: string;
  html: string;
}

/** For whom a message is drawn, beside the language. */
export interface MessageReader {
  /** Of the tenant whose message it is; absent: the server's own. */
  brand?: Brand;
  /** IANA name of the zone in which moments are told; UTC where it is unknown. */
  timeZone?: string;
}

export interface MessageViews {
  /** Throws where the model or the locale misses something, or a link leads elsewhere. */
  mail<T extends MessageTemplate>(
    template: T,
    model: MessageModels[T],
    locale: string,
    reader?: MessageReader,
  ): MailContent;
  /** For SMS and WhatsApp. */
  short<T extends MessageTemplate>(
    template: T,
    model: MessageModels[T],
    locale: string,
    reader?: MessageReader,
  ): string;
}

export interface MessageViewsOptions {
  /** The views directory. */
  directory: string;
  i18n: I18n;
  /** Where every link must lead. */
  issuer: string;
  /** The server's own look. */
  brand: Brand;
  /** True compiles each template once; false reads it at each rendering, for development. */
  cache: boolean;
}

type Part = 'subject.txt' | 'body.txt' | 'body.html' | 'sms.txt';
const parts: readonly Part[] = ['subject.txt', 'body.txt', 'body.html', 'sms.txt'];

const scopeNames = [
  't',
  'model',
  'sender',
  'host',
  'lang',
  'look',
  'roleText',
  'formatDate',
  'heading',
  'body',
  'preview',
  'why',
];
const longestSubject = 140;
const longestName = 100;

type Templates = (name: string) => ejs.TemplateFunction;

/** The templates by their name below `views/mail`. */
function readTemplates({ directory, cache }: Pick<MessageViewsOptions, 'directory' | 'cache'>): Templates {
  const root = join(directory, 'mail');
  const compiled = new Map<string, ejs.TemplateFunction>();
  return (name) => {
    const known = compiled.get(name);
    if (known) return known;
    const filename = join(root, `${name}.ejs`);
    const made = ejs.compile(readFileSync(filename, 'utf8'), {
      filename,
      root,
      cache,
      strict: true,
      destructuredLocals: scopeNames,
      // What is no HTML is not escaped as such: in a text, &#39; is what the reader would read.
      ...(name.endsWith('.txt') ? { escape: String } : {}),
    });
    if (cache) compiled.set(name, made);
    return made;
  };
}

/** What a template may name. */
function scopeOf<T extends MessageTemplate>(
  given: MessageModels[T],
  locale: string,
  { issuer, i18n, brand: server }: Pick<MessageViewsOptions, 'issuer' | 'i18n' | 'brand'>,
  { brand, timeZone }: MessageReader,
) {
  const model = checkedModel(given, issuer);
  const t = i18n.translator(locale);
  const { host } = new URL(issuer);
  const { tenantName } = model as { tenantName?: string };
  const formats = { locale: t('locale.formats'), timeZone: knownZone(timeZone), now: new Date() };
  // A server without a name of its own is known by its address.
  const own = server.name === productName ? host : safeName(server.name);
  return {
    t,
    model,
    host,
    sender: tenantName ?? own,
    look: mailLook(lookOf(brand, server)),
    roleText: (role: string) => roleText(t, role),
    lang: t('locale.formats').split('-')[0],
    formatDate: (date: Date, style: 'date' | 'date_time') => formatDate(date, style, formats),
  };
}

/** Compiles every template at once when `cache` is set: a broken one stops the start, not a message. */
export function createMessageViews(options: MessageViewsOptions): MessageViews {
  const template = readTemplates(options);
  if (options.cache) {
    for (const folder of messageTemplates) for (const part of parts) template(`${folder}/${part}`);
    for (const layout of ['layout.html', 'layout.txt']) template(layout);
  }

  return Object.freeze({
    mail<T extends MessageTemplate>(
      name: T,
      given: MessageModels[T],
      locale: string,
      reader: MessageReader = {},
    ): MailContent {
      const scope = scopeOf(given, locale, options, reader);
      const subject = oneLine(template(`${name}/subject.txt`)(scope), longestSubject).replaceAll(wordJoiner, '');
      const frame: { preview?: string; heading?: string; why?: string } = {};
      const html = template(`${name}/body.html`)({
        ...scope,
        heading: (text: string) => void Object.assign(frame, { heading: text }),
        preview: (text: string) => void Object.assign(frame, { preview: text }),
        why: (text: string) => void Object.assign(frame, { why: text }),
      });
      const text = template(`${name}/body.txt`)(scope);
      return {
        fromName: reader.brand?.name,
        subject,
        text: tidy(template('layout.txt')({ ...scope, ...frame, body: tidy(text) })),
        html: template('layout.html')({ ...scope, ...frame, body: html }),
      };
    },
    short<T extends MessageTemplate>(
      name: T,
      given: MessageModels[T],
      locale: string,
      reader: MessageReader = {},
    ): string {
      return plainForPhones(tidy(template(`${name}/sms.txt`)(scopeOf(given, locale, options, reader))));
    },
  });
}

/** What the program itself writes: a code, a constant, the host in the form that phones look for. */
const ownFields: Record<string, RegExp> = { code: /^[0-9]{4,10}$/, host: /^[\w.:[\]-]+$/, purpose: /^[a-z_]+$/ };

/** The model with every name made harmless. */
function checkedModel<T extends object>(model: T, issuer: string): T {
  return Object.fromEntries(
    Object.entries(model).map(([name, value]) => {
      if (typeof value !== 'string') return [name, value];
      const link = /href$/i.test(name);
      if (link && (!value.startsWith(`${issuer}/`) || /[\s"<>]/.test(value)))
        throw new Error(`${name} of a message does not begin with the issuer`);
      const form = ownFields[name];
      if (form && !form.test(value)) throw new Error(`${name} of a message has another form`);
      return [name, link || form ? value : safeName(value)];
    }),
  ) as T;
}

/** U+2060, of no width: breaks a line nowhere, and an address everywhere. */
const wordJoiner = '\u2060';

/**
 * A name as one short line. Mail programs make links of what looks like one, and a name may be chosen by somebody who
 * wants that. With a word joiner behind its dots it is as readable as before, and no address.
 */
function safeName(value: string): string {
  return oneLine(value, longestName).replace(/(\.(?=\p{L}{2})|:(?=\/)|@(?=\S))/gu, `$1${wordJoiner}`);
}

function oneLine(value: string, longest: number): string {
  const line = value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
  const characters = [...line];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line;
}

/** No spaces at the ends of lines, one empty line at the most. */
function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const plainCharacters: Record<string, string> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '\u00a0': ' ',
  '\u202f': ' ',
};

/** One character outside the alphabet of SMS (3GPP TS 23.038) makes all of them cost twice. */
function plainForPhones(text: string): string {
  return text
    .replaceAll(wordJoiner, ' ')
    .replace(/[’‘“”«»–—…\u00a0\u202f]/g, (character) => plainCharacters[character] ?? character);
}
