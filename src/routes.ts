/**
 * Every address that the program answers, as two stacks: people's pages, and the endpoints of machines, which need no
 * page headers, no language and no cookies. Each stack is a list in the order in which a request meets it.
 */
import type Router from '@koa/router';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import compose from 'koa-compose';
import type { Dependencies } from './dependencies.ts';
import { recordProviderUse } from './domain/methods/federation/provider-uses.ts';
import { signInMethods } from './domain/methods/methods.ts';
import type { ManagementDependencies } from './management/operation.ts';
import { managementDependencies } from './management-dependencies.ts';
import { createFederationClient } from './oidc/federation-client.ts';
import { createFinishTrial } from './oidc/finish-trial.ts';
import type { LiveProvider } from './oidc/live-provider.ts';
import { routes as protocol, registrationPath } from './oidc/provider.ts';
import { accountRoutes } from './web/account/account.ts';
import { welcomeRoutes } from './web/account/welcome.ts';
import { accessClaims } from './web/api/access-claims.ts';
import { authzenRoutes } from './web/api/authzen.ts';
import { createHealth } from './web/api/health.ts';
import { readerRoutes } from './web/api/reader.ts';
import { registerRoutes } from './web/api/register.ts';
import { apiRoutes, bodyLimitAt } from './web/api/v1.ts';
import { consoleHomeRoutes, consoleRoutes } from './web/console/console.ts';
import { consoleBodyLimitAt } from './web/console/people/people.ts';
import type { WebDependencies } from './web/interaction/context.ts';
import { interactionRoutes } from './web/interaction/dispatcher.ts';
import { invitationRoutes } from './web/links/invitations.ts';
import { recoveryRoutes } from './web/links/recovery.ts';
import { safetyRoutes } from './web/links/safety.ts';
import { setUpRoutes } from './web/links/set-up.ts';
import { discardRest, limitBody } from './web/middleware/body.ts';
import { device } from './web/middleware/device.ts';
import { handleErrors } from './web/middleware/errors.ts';
import { createRouteFinder } from './web/middleware/known-routes.ts';
import { leadToIssuer } from './web/middleware/lead-to-issuer.ts';
import { limitUserCodes } from './web/middleware/limit-user-codes.ts';
import { machineHeaders } from './web/middleware/machine-headers.ts';
import { pinIssuer } from './web/middleware/pin-issuer.ts';
import { postToGet } from './web/middleware/post-to-get.ts';
import { createRequestLog } from './web/middleware/request-log.ts';
import { dropOtherTargets, refuseTarget } from './web/middleware/request-target.ts';
import { sameOrigin } from './web/middleware/same-origin.ts';
import { takeTurns } from './web/middleware/take-turns.ts';
import { traceRequest } from './web/middleware/trace-request.ts';
import { locale } from './web/pages/locale.ts';
import { securityHeaders } from './web/pages/security-headers.ts';
import type { PublicDocuments } from './web/provider/public-documents.ts';
import { selfSubmittingForms } from './web/provider/self-submitting-forms.ts';
import { scimBodyBytes } from './web/scim/documents.ts';
import { scimPath } from './web/scim/door.ts';
import { scimRoutes } from './web/scim/scim.ts';
import { callbackRoutes } from './web/sign-in/federation-callback.ts';
import { ssfMetadata, ssfPath, ssfRoutes } from './web/ssf/ssf.ts';

const machinePaths = new Set<string>([
  protocol.token,
  protocol.introspection,
  protocol.revocation,
  protocol.pushed_authorization_request,
  protocol.device_authorization,
  protocol.backchannel_authentication,
  protocol.userinfo,
  protocol.jwks,
  '/access-claims',
  scimPath,
  registrationPath,
]);
const machineFolders = [
  '/.well-known/',
  '/access/v1/',
  '/api/v1/',
  `${scimPath}/`,
  `${ssfPath}/`,
  `${registrationPath}/`,
];

const authzenMetadata = '/.well-known/authzen-configuration';

/** The documents that the library publishes. */
export const publishedDocuments = ['/.well-known/openid-configuration', protocol.jwks];

/** Machines' addresses that the library knows nothing of. */
function isOurs(path: string): boolean {
  return (
    ['/access/v1/', '/api/v1/', scimPath, `${ssfPath}/`, registrationPath].some((own) => path.startsWith(own)) ||
    path === authzenMetadata ||
    path === ssfMetadata
  );
}

/** How long a body may be at an address of a machine. What is too long for a directory is refused in its own form. */
function machineBodyLimitAt(path: string): number {
  return path.startsWith(`${scimPath}/`) ? 64 * scimBodyBytes : bodyLimitAt(path);
}

/** The API for readers is a page. */
const readerPath = '/api/v1/docs';

/** Whether an address, in its one spelling, is a machine's. */
function isForMachines(path: string): boolean {
  if (path === readerPath) return false;
  return machinePaths.has(path) || machineFolders.some((folder) => path.startsWith(folder));
}

/** What the pages share. */
function webDependencies(dependencies: Dependencies, live: LiveProvider): WebDependencies {
  const { config, db, secrets, limits, passwords, pages, metrics, channels, takesUnicodeMail } = dependencies;
  const { fetch, logger, timeouts } = dependencies;
  return {
    db,
    secrets,
    limits,
    passwords,
    pages,
    metrics,
    issuer: config.issuer,
    isDevelopment: config.environment === 'development',
    methods: signInMethods,
    channels,
    takesUnicodeMail,
    phoneCountries: config.phone.countries,
    budgets: { email: config.mail.dailyBudget, phone: config.phone.dailyBudget },
    federation: createFederationClient({
      fetch,
      secrets,
      logger,
      allowHttp: !config.isProduction,
      deadlineMs: timeouts.federationMs,
      onUse: ({ id }, failure) => {
        recordProviderUse(db, { providerId: id, failure }).catch((err: unknown) =>
          logger.warn({ err }, 'how an identity provider answered could not be kept'),
        );
      },
    }),
    provider: live.provider,
    finishTrial: createFinishTrial({ config, db, secrets }),
  };
}

function ofRouter(router: Router): Middleware[] {
  return [router.routes() as Middleware, router.allowedMethods() as Middleware];
}

/** A router whose forms are taken from our own pages alone. */
function ofPages(router: Router, issuer: string): Middleware[] {
  const forms = sameOrigin({ issuer });
  // Before the router: what a router is told to use after its routes were made never runs for them.
  const guard: Middleware = (ctx, next) => (router.match(ctx.path, ctx.method).route ? forms(ctx, next) : next());
  return [guard, ...ofRouter(router)];
}

/** Of the console alone: other requests do not go by its many routes. */
function inConsole(web: WebDependencies, management: ManagementDependencies): Middleware[] {
  const surroundings = { web, management };
  const routes = compose(
    [consoleHomeRoutes(surroundings), consoleRoutes(surroundings)].flatMap((router) => ofPages(router, web.issuer)),
  );
  const isConsole = (path: string) => path === '/console' || path.startsWith('/console/');
  return [(ctx, next) => (isConsole(ctx.path) ? routes(ctx, next) : next())];
}

/** What the library answers, and many ask, need not go by the routers of our pages. */
function besideAuthorization(pages: Middleware[]): Middleware {
  const ours = compose(pages);
  return (ctx, next) => {
    const { method, path } = ctx;
    const isAuthorization = path === protocol.authorization || path.startsWith(`${protocol.authorization}/`);
    return method === 'GET' && isAuthorization ? next() : ours(ctx, next);
  };
}

function people(dependencies: Dependencies, live: LiveProvider, management: ManagementDependencies): Middleware[] {
  const { db, limits, i18n, assets, pages, logger } = dependencies;
  const { issuer } = dependencies.config;
  const web = webDependencies(dependencies, live);
  return [
    takeTurns(),
    securityHeaders({ issuer }),
    leadToIssuer(issuer),
    assets.middleware,
    locale(i18n),
    handleErrors(pages, logger),
    limitBody(consoleBodyLimitAt),
    device(),
    postToGet(new Set([protocol.authorization, protocol.end_session])),
    besideAuthorization([
      ...[
        welcomeRoutes,
        interactionRoutes,
        (of: WebDependencies) => accountRoutes(of, management),
        setUpRoutes,
        invitationRoutes,
        recoveryRoutes,
        safetyRoutes,
      ].flatMap((routesOf) => ofPages(routesOf(web), issuer)),
      ...inConsole(web, management),
      // What is posted there comes from the page of a provider.
      ...ofRouter(callbackRoutes(web)),
      ...ofRouter(readerRoutes({ pages, issuer })),
    ]),
    limitUserCodes(db, limits, protocol.code_verification),
    selfSubmittingForms(pages),
    live.handle,
  ];
}

function machines(
  dependencies: Dependencies,
  live: LiveProvider,
  documents: PublicDocuments,
  management: ManagementDependencies,
): Middleware[] {
  const { config, db, reads, secrets, i18n, pages, logger, limits } = dependencies;
  const { issuer } = config;
  // A token request has no business with a hundred operations of management.
  const ours = compose([
    ...ofRouter(authzenRoutes({ db, reads, secrets, issuer, provider: live.provider, keys: live.keys })),
    ...ofRouter(apiRoutes({ ...management, live, i18n })),
    scimRoutes({ ...management, live, i18n, logger }),
    ssfRoutes({ ...management, live, i18n, logger }),
    registerRoutes({ db, issuer, limits, registration: management.registration }),
  ]);
  return [
    machineHeaders({ issuer }),
    handleErrors(pages, logger),
    documents.keep,
    limitBody(machineBodyLimitAt),
    (ctx, next) => (isOurs(ctx.path) ? ours(ctx, next) : next()),
    accessClaims({ db, issuer, provider: live.provider, keys: live.keys }),
    live.handle,
  ];
}

/** For requests that are for none of our addresses. */
function refusals({ config, i18n, pages, logger }: Dependencies): Middleware[] {
  return [securityHeaders({ issuer: config.issuer }), locale(i18n), handleErrors(pages, logger), refuseTarget()];
}

/** Mounts the stacks behind what every request meets. */
export function mountRoutes(
  app: Koa,
  dependencies: Dependencies,
  live: LiveProvider,
  { isStopping, documents }: { isStopping: () => boolean; documents: PublicDocuments },
): void {
  const { config, db, logger, metrics } = dependencies;
  const management = managementDependencies(dependencies);
  const forPeople = compose(people(dependencies, live, management));
  const forMachines = compose(machines(dependencies, live, documents, management));
  const astray = compose(refusals(dependencies));
  const routeOf = createRouteFinder();
  app.use(discardRest());
  app.use(dropOtherTargets());
  app.use(createHealth({ db, logger, isStopping }));
  app.use(pinIssuer(config.issuer));
  if (config.tracing) app.use(traceRequest());
  app.use(createRequestLog({ logger, metrics }));
  app.use((ctx, next) => {
    if (routeOf(ctx.path) === undefined) return astray(ctx, next);
    return (isForMachines(ctx.path) ? forMachines : forPeople)(ctx, next);
  });
}
