/** Works at the console as somebody, without a browser's window. */
import { consoleRoutes } from '../../src/web/console/console.ts';
import type { TestApp } from './app.ts';
import { Browserless } from './browserless.ts';

/** Signs a person in to the console, as the first visit does. */
export async function signInToConsole(app: TestApp, person: { email: string; password: string }): Promise<Browserless> {
  const browser = new Browserless();
  const page = await browser.open(`${app.issuer}/console`);
  const home = await browser.submit(page, { login: person.email, password: person.password });
  if (!/\/console\//.test(home.url)) throw new Error(`not at the console: ${home.status} ${home.url}`);
  return browser;
}

/** Every address of the console that takes a form, with its parameters: `/console/:tenant/people/:userId/edit`. */
export function consolePostRoutes(): string[] {
  // Routes are made before any request: what they work with is not touched.
  const router = consoleRoutes({ web: {}, management: {} } as never);
  return router.stack.filter(({ methods }) => methods.includes('POST')).map(({ path }) => String(path));
}
