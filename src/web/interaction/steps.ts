/**
 * The dispatcher's table: every step of an interaction, where its page is, when it is the one, and where the links on its
 * page lead. Nobody else says where a step is: a step tells what came of it (an `Outcome`), and draws the links it is given.
 */

import type { LastQuestion } from './proof.ts';

/** How an interaction stands when the browser comes to it. */
export interface Standing {
  /** What the library asks for: `login`, `select_account`, `create`, `consent`. */
  prompt: string;
  /** Whether somebody is signed in to this browser. */
  hasSession: boolean;
  /** How many accounts were proved and wait for a choice. */
  provedAccounts: number;
  /** What is to be done about a second factor, the first one proved. */
  factor: 'none' | 'prove' | 'enrol' | 'codes';
  /** What the person is asked who has proved all. */
  question: LastQuestion | 'none';
  /** Whether anyone may make an account here. */
  maySignUp: boolean;
}

interface Step {
  /** Below `/interaction/:uid/`. */
  path: string;
  /** Whether an interaction that stands so waits for this step; the first of the table is the one. */
  when?: (standing: Standing) => boolean;
  /** What leads here at once when another step tells it. */
  after?: readonly string[];
  /** What the page calls its links and forms, and the steps that they lead to. */
  links?: Readonly<Record<string, string>>;
  /** The part of an interaction that it belongs to; by default the one before consent. */
  during?: 'consent' | 'any';
}

const signInCode = { ask: 'code', enter: 'code-entry', resend: 'code-resend', back: 'sign-in' } as const;
const signUpCode = { ask: 'sign-up', enter: 'sign-up-code', resend: 'sign-up-resend', back: 'sign-in' } as const;
const linkCode = {
  ask: 'link-account-code',
  enter: 'link-account-code-entry',
  resend: 'link-account-code-resend',
  back: 'link-account',
} as const;

export const steps = {
  // Where an interaction stands, in this order.
  consent: { path: 'consent', during: 'consent', when: ({ prompt }) => prompt === 'consent' },
  'keep-account': {
    path: 'keep-account',
    when: ({ question }) => question === 'keep',
    links: { cancel: 'cancel' },
  },
  'passkey-offer': {
    path: 'passkey-offer',
    when: ({ question }) => question === 'passkey',
    links: { later: 'passkey-later' },
  },
  'factor-codes': {
    path: 'factor/codes',
    when: ({ factor }) => factor === 'codes',
    after: ['factor-enrolled'],
    links: { file: 'factor-codes-file' },
  },
  'factor-enrol': {
    path: 'factor/enrol',
    when: ({ factor }) => factor === 'enrol',
    links: { later: 'factor-later', key: 'factor-enrol-key', restart: 'sign-in' },
  },
  factor: { path: 'factor', when: ({ factor }) => factor === 'prove' },
  tenant: { path: 'tenant', when: ({ provedAccounts }) => provedAccounts > 1 },
  'select-account': {
    path: 'select-account',
    when: ({ prompt, hasSession }) => prompt === 'select_account' && hasSession,
    links: { continue: 'select-account-continue', switch: 'select-account-switch' },
  },
  'sign-up': {
    path: 'sign-up',
    when: ({ prompt, maySignUp }) => prompt === 'create' && maySignUp,
    after: ['sign_up-code-missing'],
    links: signUpCode,
  },
  'sign-in': {
    path: 'sign-in',
    when: () => true,
    after: ['other-account-wanted', 'organisation-named'],
    links: { recovery: 'recovery', signUp: 'sign-up', organisation: 'organisation', cancel: 'cancel' },
  },

  // What only a step before leads to, or a link.
  'factor-enrol-key': {
    path: 'factor/enrol/key',
    links: { later: 'factor-later', app: 'factor-enrol', restart: 'sign-in' },
  },
  'factor-key': { path: 'factor/key', links: { restart: 'sign-in' } },
  'factor-email': { path: 'factor/email', links: { ask: 'factor', restart: 'sign-in' } },
  'factor-phone': { path: 'factor/phone', links: { ask: 'factor', restart: 'sign-in' } },
  'factor-totp': { path: 'factor/totp', links: { restart: 'sign-in' } },
  'factor-recovery': { path: 'factor/recovery-code', links: { restart: 'sign-in' } },
  'factor-codes-file': { path: 'factor/recovery-codes.txt' },
  'factor-later': { path: 'factor/later' },
  'passkey-later': { path: 'passkey-offer/later' },
  'select-account-continue': { path: 'select-account/continue' },
  'select-account-switch': { path: 'select-account/switch' },
  cancel: { path: 'cancel', during: 'any' },
  organisation: { path: 'organisation', links: { back: 'sign-in' } },
  passkey: {
    path: 'passkey',
    links: {
      recovery: 'recovery',
      signUp: 'sign-up',
      organisation: 'organisation',
      cancel: 'cancel',
      signIn: 'sign-in',
    },
  },
  code: { path: 'code', after: ['login-code-missing'], links: signInCode },
  'code-entry': { path: 'code/enter', after: ['login-code-sent'], links: signInCode },
  'code-resend': { path: 'code/resend', links: signInCode },
  'sign-up-code': { path: 'sign-up/code', after: ['sign_up-code-sent'], links: signUpCode },
  'sign-up-resend': { path: 'sign-up/resend', links: signUpCode },
  'sign-up-profile': { path: 'sign-up/profile', after: ['address-proved'], links: signUpCode },
  recovery: { path: 'recovery', after: ['recovery-link-missing'], links: { back: 'sign-in' } },
  'recovery-sent': {
    path: 'recovery/sent',
    after: ['recovery-link-sent'],
    links: { back: 'recovery', signIn: 'sign-in' },
  },
  'federation-start': { path: 'federation/:key' },
  federation: { path: 'federation', after: ['provider-answered'] },
  'link-account': {
    path: 'link-account',
    after: ['account-to-prove'],
    links: { code: 'link-account-code', cancel: 'link-account-cancel' },
  },
  'link-account-cancel': { path: 'link-account/cancel' },
  'link-account-code': { path: 'link-account/code', after: ['link_identity-code-missing'], links: linkCode },
  'link-account-code-entry': { path: 'link-account/code/enter', after: ['link_identity-code-sent'], links: linkCode },
  'link-account-code-resend': { path: 'link-account/code/resend', links: linkCode },
} as const satisfies Record<string, Step>;

type Steps = typeof steps;
export type StepName = keyof Steps;
/** What a step tells the dispatcher. */
export type Outcome = { [N in StepName]: Steps[N] extends { after: readonly (infer O)[] } ? O : never }[StepName];
/** The links on the page of a step. */
export type LinkOf<N extends StepName> = Steps[N] extends { links: infer L } ? keyof L : never;

export const stepNames = Object.keys(steps) as StepName[];

const rows: Readonly<Record<StepName, Step>> = steps;

/** The step that an interaction waits for, by what a step has just told, or else by how it stands. */
export function nextStep(where: Outcome | Standing): StepName {
  const isNext = ({ after, when }: Step) =>
    typeof where === 'string' ? after?.includes(where) === true : when?.(where) === true;
  const next = stepNames.find((name) => isNext(rows[name]));
  if (!next) throw new Error(`no step follows ${JSON.stringify(where)}`);
  return next;
}

/** Whether a step belongs to the prompt that the library waits for: consent is not asked before the sign-in, nor the other way round. */
export function belongsTo(name: StepName, prompt: string): boolean {
  const { during = 'sign-in' } = rows[name];
  return during === 'any' || during === (prompt === 'consent' ? 'consent' : 'sign-in');
}

/** Below the dispatcher's own address, as a router takes it. */
export function stepPath(name: StepName): string {
  return rows[name].path;
}

/** Where the dispatcher itself is. */
export function startHref(uid: string): string {
  return `/interaction/${uid}`;
}

/** The address of a step. */
export function hrefOf(uid: string, name: StepName): string {
  return `${startHref(uid)}/${stepPath(name)}`;
}

/** The addresses that the page of a step links to, under the page's own names. */
export function linksOf<N extends StepName>(uid: string, name: N): Readonly<Record<LinkOf<N>, string>> {
  const links = Object.entries(rows[name].links ?? {});
  return Object.fromEntries(links.map(([link, to]) => [link, hrefOf(uid, to as StepName)])) as Record<
    LinkOf<N>,
    string
  >;
}
