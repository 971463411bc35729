/**
 * Every address that the program answers, and its one spelling. Routers read paths more widely than who compares strings
 * does (`/DEVICE`, `/device/`), so what was counted, refused or kept under one spelling would pass under another. Refuses
 * all but the one in front of everything: other case, a slash more, dot segments, percent signs.
 */

/**
 * A value in a path is written `:name`, a rest of words `*`, a rest of words and values `**`. The first that fits is the
 * route. A router below `**` has to hold upper and lower case apart (`sensitive`). A `:token` comes out of a message, and
 * mail programs leave a bracket or a full stop at it: whatever it is, there is a page that says so.
 */
export const knownRoutes: readonly string[] = [
  '/',
  '/healthz',
  '/readyz',
  '/assets/*',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/authzen-configuration',
  '/.well-known/ssf-configuration',
  '/jwks',
  '/authorize',
  '/authorize/:uid',
  '/token',
  '/introspect',
  '/revoke',
  '/userinfo',
  '/access-claims',
  '/par',
  '/backchannel',
  '/register',
  '/register/:client',
  '/device',
  '/device/authorize',
  '/device/:uid',
  '/logout',
  '/logout/confirm',
  '/logout/success',
  '/interaction/:uid',
  '/interaction/:uid/*',
  '/callback/:key',
  '/set-up/:token',
  '/set-up-done',
  '/recovery/:token',
  '/invitations/:token',
  '/safety/:token',
  '/account',
  '/account/*',
  '/console',
  '/console/**',
  '/access/v1/*',
  '/api/v1/**',
  '/scim/v2/**',
  '/ssf/*',
  '/ssf/poll/:id',
];

export type RouteFinder = (path: string) => string | undefined;

/** Answers the route of a path; undefined where there is none, or the path is another spelling of one. */
export function createRouteFinder(routes: readonly string[] = knownRoutes): RouteFinder {
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route) }));
  const first = (path: string) => patterns.find(({ pattern }) => pattern.test(path))?.route;
  // A path without a value is its own route, unless one before it fits as well.
  const plain = new Set(routes.filter((route) => !/[*:]/.test(route) && first(route) === route));
  return (path) => {
    if (plain.has(path)) return path;
    const route = first(path);
    // `/device/AUTHORIZE` is a value after /device by its letters, and another address to a router that folds case.
    return route === first(path.toLowerCase()) ? route : undefined;
  };
}

const notDots = '(?!\\.\\.?(?:/|$))';
const word = `${notDots}[a-z0-9._-]+`;
/** Ids and keys: the unreserved characters (RFC 3986 section 2.3). */
const value = `${notDots}[A-Za-z0-9._~-]+`;
const any = `${notDots}[^/]+`;

function partPattern(part: string): string {
  if (part === '*') return `${word}(?:/${word})*`;
  if (part === '**') return `${any}(?:/${any})*`;
  if (part === ':token') return any;
  return part.startsWith(':') ? value : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.split('/').map(partPattern).join('/')}$`);
}
