/**
 * A deed: something that is done to what is there, on a page of its own that says first what it will do. The effects are
 * counted where they can be; a deed that would be refused says so before anybody presses. The button is named by the deed.
 */
import type Router from '@koa/router';
import { isChange } from '../../management/operation.ts';
import { operationOf } from '../../management/operations.ts';
import { DomainError, type ErrorCode } from '../../platform/errors.ts';
import { statusOf } from '../middleware/errors.ts';
import { type Asked, ask, assertMayEver } from './ask.ts';
import { type ConsoleFormError, leadToFresh } from './form.ts';
import type { ConsoleFrame } from './frame.ts';
import { draw, leadOn, page, posted } from './page.ts';
import type { SectionName } from './sections.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Visit } from './visit.ts';

/** `effects.<key>` of the deed's words; `count` chooses the plural. */
export interface Effect {
  key: string;
  params?: Record<string, string | number>;
  /** A moment that the words name as `{{at}}` (RFC 3339). */
  at?: string;
}

export interface DeedModel {
  words: string;
  action: string;
  backHref: string;
  subject: string;
  effects: Effect[];
  /** Red: it ends or takes away something. */
  isDangerous: boolean;
  /** It cannot be undone: the subject's name has to be typed. */
  typed: boolean;
  /** Why it cannot be done, or was not. `typed`: the name was another one. */
  error?: ConsoleFormError;
  /** There is nothing to press: it would be refused. */
  isRefused: boolean;
  /** Where it can be done all the same, with more said about what that means. */
  insistHref?: string;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'console/deed': { frame: ConsoleFrame; deed: DeedModel };
  }
}

export interface Deed {
  /** Below the tenant's address, with its parameters: `/people/:userId/deactivate`. */
  path: string;
  section: SectionName;
  operation: string;
  /** Under which its words stand: `title`, `lead`, `submit`, `effects.<key>`; `{{subject}}` is what it is done to. */
  words: string;
  /** What the operation is asked. */
  input(visit: Visit): Pick<Asked, 'params' | 'query' | 'body'>;
  /** What it is done to, by name. */
  subject(visit: Visit): Promise<string>;
  effects?(visit: Visit): Promise<Effect[]>;
  /** What refuses it by this code can be set aside on another page: `insist` of the words. */
  insist?: { code: ErrorCode; path(visit: Visit): string };
  isDangerous?: boolean;
  /** It cannot be undone: the name has to be typed, after a sign-in within five minutes. */
  typed?: boolean;
  /** Asks for a sign-in within five minutes. Default: where the operation always does, or it cannot be undone. */
  isFresh?: boolean;
  back(visit: Visit): string;
  /** Default: back. */
  after?(visit: Visit): string;
  notice: string;
}

async function drawDeed(
  visit: Visit,
  deed: Deed,
  { error, isRefused = false }: { error?: ConsoleFormError & { status: number }; isRefused?: boolean } = {},
): Promise<void> {
  const model: DeedModel = {
    words: deed.words,
    action: addressOf(visit.ctx),
    backHref: hrefTo(visit, deed.back(visit)),
    subject: await deed.subject(visit),
    // What is refused has none, and may not be countable.
    effects: isRefused ? [] : ((await deed.effects?.(visit)) ?? []),
    isDangerous: deed.isDangerous ?? false,
    typed: deed.typed ?? false,
    error: error && { code: error.code, params: error.params, field: error.field },
    isRefused,
    insistHref: error && error.code === deed.insist?.code ? hrefTo(visit, deed.insist.path(visit)) : undefined,
  };
  draw(visit, 'console/deed', { deed: model }, { status: error?.status });
}

function isTellable(error: unknown): error is DomainError {
  return error instanceof DomainError && error.kind !== 'not_found' && error.kind !== 'unavailable';
}

const faultOf = (error: DomainError) => ({ code: error.code, params: error.params, status: statusOf(error) });

/** The console's own rule beside the operation's: what cannot be undone is not done by who found a browser open. */
function asksFresh({ operation, typed, isFresh }: Deed): boolean {
  return typed === true || isFresh === true || operationOf(operation).fresh === true;
}

async function show(visit: Visit, deed: Deed): Promise<void> {
  const operation = operationOf(deed.operation);
  await assertMayEver(visit, deed.operation, deed.input(visit).params);
  if (leadToFresh(visit, asksFresh(deed))) return;
  try {
    if (isChange(operation)) await ask(visit, deed.operation, { ...deed.input(visit), dryRun: true });
  } catch (error) {
    // What is not for who looks has no page; what stands in the way of it is told here.
    if (!isTellable(error) || error.kind === 'forbidden') throw error;
    return drawDeed(visit, deed, { error: { ...faultOf(error), status: 200 }, isRefused: true });
  }
  await drawDeed(visit, deed);
}

async function press(visit: Visit, deed: Deed, form: Record<string, string>): Promise<void> {
  if (leadToFresh(visit, asksFresh(deed))) return;
  if (deed.typed && form.typed?.trim() !== (await deed.subject(visit)).trim())
    return drawDeed(visit, deed, { error: { code: 'INVALID_INPUT', params: {}, field: 'typed', status: 422 } });
  try {
    await ask(visit, deed.operation, deed.input(visit));
  } catch (error) {
    if (!isTellable(error)) throw error;
    return drawDeed(visit, deed, { error: faultOf(error) });
  }
  leadOn(visit, hrefTo(visit, (deed.after ?? deed.back)(visit)), deed.notice);
}

/** Mounts the page that says what will happen, and what its button is sent to: the same address. */
export function mountDeed(router: Router, deps: ConsoleDependencies, deed: Deed): void {
  router.get(
    deed.path,
    page(deps, deed.section, (visit) => show(visit, deed)),
  );
  router.post(
    deed.path,
    posted(deps, deed.section, (visit, form) => press(visit, deed, form)),
  );
}
