/**
 * Reading an address. Instead of `URL.canParse`, which on Node.js 20 answers false for addresses beyond ASCII once it has
 * been called often enough to be compiled (its fast path takes Latin-1 for UTF-8); `URL.parse` came after that version.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
