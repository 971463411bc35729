/**
 * The five schemas that Gatehouse serves, table by table: each row is made, changed, used and ended through the API, the
 * command line and the pages, never by SQL. Rows that schemas have in common are shown once for each.
 */
import * as access from '../support/source-schemas/access.ts';
import * as organisation from '../support/source-schemas/organisation.ts';
import * as people from '../support/source-schemas/people.ts';
import * as sessions from '../support/source-schemas/sessions.ts';
import { type Stage, setStage } from '../support/source-schemas/stage.ts';

type Rows = Record<string, (stage: Stage) => Promise<void>>;

const schemas: Record<string, Rows> = {
  'Auth & User Service (auth_db)': {
    users: people.accounts,
    'users.mfa_enabled': people.secondFactors,
    user_profiles: people.profiles,
    roles: access.roles,
    user_roles: access.userRoles,
    permissions: access.permissions,
    role_permissions: access.rolePermissions,
    sessions: sessions.sessions,
    audit_logs: organisation.trail,
  },
  'auth schema': {
    users: people.whoChangedWhom,
    roles: access.systemRoles,
    permissions: access.permissions,
    user_roles: access.userRoles,
    role_permissions: access.rolePermissions,
    user_sessions: sessions.userSessions,
    'duplicate email and phone': people.duplicates,
  },
  'auth-service-v2': {
    tenants: organisation.tenants,
    users: people.peopleOfTenant,
    user_identities: people.identities,
    refresh_sessions: sessions.sessions,
    otp_codes: sessions.otpCodes,
    org_nodes: access.orgNodes,
    org_node_paths: access.orgNodePaths,
    roles: access.roles,
    capabilities: access.permissions,
    role_capabilities: access.rolePermissions,
    org_assignments: access.orgAssignments,
    visibility_grants: access.visibilityGrants,
    invitations: organisation.invitations,
    audit_events: organisation.trail,
    services: sessions.services,
    service_secrets: sessions.serviceSecrets,
    service_permissions: sessions.servicePermissions,
    service_sessions: sessions.serviceSessions,
  },
  'IAM service': {
    users: people.metadata,
    roles: access.roles,
    user_roles: access.userRoles,
    companies: access.companies,
    company_users: access.companyUsers,
    user_settings: people.settings,
    api_keys: organisation.apiKeys,
    referral_codes: organisation.referralCodes,
    referrals: organisation.referrals,
  },
  'IT Center Auth': {
    app_users: people.migratedAccounts,
    user_roles: access.userRoles,
    roles: access.roles,
    login_audit: organisation.loginAudit,
    'data retention: 180 days, configurable': organisation.retention,
    'data retention: anonymised references': people.anonymisedReferences,
  },
};

describe('the source schemas', function () {
  this.timeout(300_000);
  let stage: Stage;
  before(async () => {
    stage = await setStage();
  });
  after(() => stage?.stop());

  for (const [schema, rows] of Object.entries(schemas))
    describe(schema, () => {
      for (const [row, show] of Object.entries(rows)) it(row, () => show(stage));
    });
});
