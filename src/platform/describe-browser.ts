/** What a browser says it is, for people to recognise it by. Proves nothing: anybody can say anything. */
import Bowser from 'bowser';

/** Each is empty where it is not known. */
export function describeBrowser(userAgent: string | null | undefined): { browser: string; os: string } {
  if (!userAgent) return { browser: '', os: '' };
  const parsed = Bowser.parse(userAgent);
  return { browser: parsed.browser.name ?? '', os: parsed.os.name ?? '' };
}
