/**
 * The console: where those who run a tenant, and their delegates, do so. It is drawn by the server, on the operations of
 * management, and decides nothing itself. Each section (sections.ts) has its pages in files of its own, mounted here.
 */
import Router from '@koa/router';
import { leadTo } from '../account/account-page.ts';
import { mountApiKeys } from './api-keys/api-keys.ts';
import { mountApis } from './apis/apis.ts';
import { mountApplications } from './applications/applications.ts';
import { mountAudit } from './audit/audit.ts';
import { mountEventStreams } from './event-streams/event-streams.ts';
import { mountHealth } from './health/health.ts';
import { mountInvitations } from './invitations/invitations.ts';
import { mountMessages } from './messages/messages.ts';
import { consolePageOfState, findOperator, signInForPage } from './operator.ts';
import { mountOrganisation } from './organisation/organisation.ts';
import { mountOverview } from './overview/overview.ts';
import { leadHome } from './page.ts';
import { mountPeople } from './people/people.ts';
import { mountPlace } from './place.ts';
import { mountProvisioning } from './provisioning/provisioning.ts';
import { mountReferrals } from './referrals/referrals.ts';
import { mountRoles } from './roles/roles.ts';
import { mountSearch } from './search.ts';
import type { SectionName } from './sections.ts';
import { mountServices } from './services/services.ts';
import { mountSettings } from './settings/settings.ts';
import { mountSignIn } from './sign-in/sign-in.ts';
import { mountSigningKeys } from './signing-keys/signing-keys.ts';
import { mountTenants } from './tenants/tenants.ts';
import type { ConsoleDependencies } from './visit.ts';
import { mountWebhooks } from './webhooks/webhooks.ts';

type Mount = (router: Router, deps: ConsoleDependencies) => void;

/** The pages of each section, below the tenant's address. What is not mounted is not in the rail. */
const mounts: Partial<Record<SectionName, Mount>> = {
  overview: mountOverview,
  people: mountPeople,
  organisation: mountOrganisation,
  roles: mountRoles,
  invitations: mountInvitations,
  referrals: mountReferrals,
  provisioning: mountProvisioning,
  applications: mountApplications,
  services: mountServices,
  messages: mountMessages,
  webhooks: mountWebhooks,
  'event-streams': mountEventStreams,
  audit: mountAudit,
  apis: mountApis,
  'api-keys': mountApiKeys,
  'sign-in': mountSignIn,
  settings: mountSettings,
  tenants: mountTenants,
  'signing-keys': mountSigningKeys,
  health: mountHealth,
};

type Surroundings = Omit<ConsoleDependencies, 'mounted'>;

/** `/console`, which leads to one's own tenant, and where its sign-in comes back to. */
export function consoleHomeRoutes({ web }: Surroundings): Router {
  const router = new Router({ prefix: '/console', sensitive: true });
  router.get('/', async (ctx) => {
    const operator = await findOperator(ctx, web);
    leadTo(ctx, operator ? `/console/${operator.person.profile.tenant.slug}` : signInForPage(web, '/console'));
  });
  // No tenant has a name that begins so.
  router.get('/_signed-in', (ctx) => {
    leadTo(ctx, ctx.query.error === undefined ? consolePageOfState(ctx.query.state) : '/');
  });
  return router;
}

/** Everything below `/console/<tenant>`. */
export function consoleRoutes(surroundings: Surroundings): Router {
  const router = new Router({ prefix: '/console/:tenant', sensitive: true });
  const deps = { ...surroundings, mounted: new Set(Object.keys(mounts)) };
  router.get('/', leadHome(deps));
  mountSearch(router, deps);
  mountPlace(router, deps);
  for (const mount of Object.values(mounts)) mount(router, deps);
  return router;
}
