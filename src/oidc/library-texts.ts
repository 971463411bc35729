/**
 * Texts of the library that are read as an interface, because it tells no other way: descriptions of errors, names of
 * errors that it does not export, forms that it writes. All of them are here; test/oidc/overrides/contract.test.ts asks the
 * library for each.
 */
import { errors } from 'oidc-provider';

/**
 * Why an interaction is not to be had: `ended` (it or its session is gone, while the browser still has the cookie),
 * `no-cookie` (this browser has none), `other`; undefined where the error is about something else.
 */
export function interactionFault(error: unknown): 'ended' | 'no-cookie' | 'other' | undefined {
  if (!(error instanceof errors.SessionNotFound)) return undefined;
  const reason = error.error_description ?? error.message;
  if (/session not found/.test(reason)) return 'ended';
  return /cookie not found/.test(reason) ? 'no-cookie' : 'other';
}

/** The names of the errors that the form for a device's code is drawn with. */
export type UserCodeFault =
  | 'AbortedError'
  | 'AlreadyUsedError'
  | 'ExpiredError'
  | 'NoCodeError'
  | 'NotFoundError'
  | 'SessionNotFound';

/** Whether an answer is the library's bare form that submits itself. */
export function isSelfSubmittingForm(body: unknown): body is string {
  return typeof body === 'string' && body.includes('<title>Submitting Callback</title>');
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** The hidden fields of a form as the library writes it. */
export function hiddenFields(form: string): { name: string; value: string }[] {
  return [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => ({ name, value: unescapeHtml(value) }),
  );
}

/** Where a form as the library writes it goes. */
export function formAction(form: string): string {
  return unescapeHtml(/action="([^"]*)"/.exec(form)?.[1] ?? '');
}
