/** The version of the program. */
import { readFileSync } from 'node:fs';

export function version(): string {
  const file = new URL(
    import.meta.url.endsWith('.ts') ? '../../../package.json' : '../../../../package.json',
    import.meta.url,
  );
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
