/**
 * The sample content of development: who and what is in it. Two tenants, so that one person has to choose between them;
 * one of them a group of schools and pharmacies, deep enough to show what a role at a place reaches.
 */
import type { TenantSettingsInput } from '../src/domain/tenants/tenant-settings.ts';

export interface SampleNode {
  type: string;
  name: string;
  below?: SampleNode[];
}

export interface SampleAssignment {
  role: string;
  /** Names from below the root down to the node; absent: the root. */
  at?: string;
  /** From now; negative for the past. Absent: from now on. */
  startsInDays?: number;
  /** Absent: until further notice. */
  endsInDays?: number;
}

export interface SamplePerson {
  /** What the passwords file calls them; a person has one password everywhere. */
  email: string;
  fullName: string;
  phone?: string;
  locale?: string;
  holds: SampleAssignment[];
  sees?: { at: string; accessScope: 'read' | 'analyze' };
}

export interface SampleTenant {
  slug: string;
  name: string;
  settings?: TenantSettingsInput;
  tree: SampleNode[];
  /** What each role carries, beside the system roles. */
  roles: Record<string, string[]>;
  people: SamplePerson[];
  /** Whose referral code there is to sign up with. */
  referrer?: string;
  /** An invitation that is open. */
  invites?: { email: string; role: string; at?: string };
}

export const api = { identifier: 'https://api.northwind.example/', name: 'Northwind API' };

/** All of them scopes of the API. */
export const capabilities = [
  { key: 'inventory.read', module: 'inventory', description: 'See stock levels' },
  { key: 'inventory.write', module: 'inventory', description: 'Change stock levels' },
  { key: 'grades.read', module: 'grades', description: 'See grades' },
  { key: 'grades.write', module: 'grades', description: 'Give grades' },
  { key: 'reports.read', module: 'reports', description: 'See reports' },
];

const northwind: SampleTenant = {
  slug: 'northwind',
  name: 'Northwind',
  // Riverside does not take people in, as no tenant does unless it says so.
  settings: { branding: { accentColor: '#1f6f6b' }, selfSignUp: true },
  tree: [
    {
      type: 'region',
      name: 'North Region',
      below: [
        {
          type: 'school',
          name: 'Lakeside School',
          below: [
            { type: 'department', name: 'Science' },
            { type: 'department', name: 'Languages' },
          ],
        },
        { type: 'school', name: 'Hillcrest School', below: [{ type: 'department', name: 'Arts' }] },
      ],
    },
    {
      type: 'region',
      name: 'South Region',
      below: [{ type: 'school', name: 'Harbour School', below: [{ type: 'department', name: 'Mathematics' }] }],
    },
    {
      type: 'company',
      name: 'Northwind Pharmacies',
      below: [
        { type: 'branch', name: 'Station Street Pharmacy', below: [{ type: 'department', name: 'Stockroom' }] },
        { type: 'branch', name: 'Market Square Pharmacy' },
      ],
    },
  ],
  roles: {
    Director: ['grades.read', 'grades.write', 'inventory.read', 'inventory.write', 'reports.read'],
    'Regional manager': ['grades.read', 'inventory.read', 'reports.read'],
    'Head teacher': ['grades.read', 'reports.read'],
    Teacher: ['grades.read', 'grades.write'],
    'Stock keeper': ['inventory.read', 'inventory.write'],
    Pharmacist: ['inventory.read'],
  },
  people: [
    {
      email: 'olivia.hart@example.com',
      fullName: 'Olivia Hart',
      phone: '+12025550101',
      holds: [{ role: 'owner' }, { role: 'Director' }],
    },
    {
      email: 'farid.haddad@example.com',
      fullName: 'Farid Haddad',
      locale: 'fr',
      holds: [{ role: 'Regional manager', at: 'North Region' }],
    },
    {
      email: 'ben.okafor@example.com',
      fullName: 'Ben Okafor',
      holds: [{ role: 'Head teacher', at: 'North Region/Lakeside School' }],
    },
    {
      email: 'clara.nystrom@example.com',
      fullName: 'Clara Nyström',
      holds: [
        { role: 'Teacher', at: 'North Region/Lakeside School/Science' },
        { role: 'Teacher', at: 'North Region/Hillcrest School/Arts', startsInDays: -330, endsInDays: -30 },
      ],
    },
    {
      email: 'david.chen@example.com',
      fullName: 'David Chen',
      phone: '+12025550105',
      holds: [
        { role: 'Stock keeper', at: 'Northwind Pharmacies' },
        { role: 'Regional manager', at: 'South Region', startsInDays: 30 },
      ],
    },
    {
      email: 'emma.rossi@example.com',
      fullName: 'Emma Rossi',
      holds: [{ role: 'Pharmacist', at: 'Northwind Pharmacies/Station Street Pharmacy', endsInDays: 90 }],
      sees: { at: 'Northwind Pharmacies/Market Square Pharmacy', accessScope: 'analyze' },
    },
  ],
  referrer: 'clara.nystrom@example.com',
  invites: {
    email: 'nora.lind@example.com',
    role: 'Teacher',
    at: 'South Region/Harbour School/Mathematics',
  },
};

const riverside: SampleTenant = {
  slug: 'riverside',
  name: 'Riverside Clinic',
  tree: [{ type: 'department', name: 'Dispensary' }],
  roles: { Pharmacist: ['inventory.read'] },
  people: [
    {
      email: 'david.chen@example.com',
      fullName: 'David Chen',
      holds: [{ role: 'owner' }, { role: 'Pharmacist', at: 'Dispensary' }],
    },
  ],
};

export const tenants: readonly SampleTenant[] = [northwind, riverside];

/** The applications of examples/: the portal is the operator's own and serves all tenants, the other a third party's. */
export const portal = {
  clientId: 'northwind-portal',
  metadata: {
    backchannel_logout_uri: 'http://localhost:4000/backchannel-logout',
    backchannel_logout_session_required: true,
  },
  name: 'Northwind Portal',
  firstParty: true,
  redirectUris: ['http://localhost:4000/callback'],
  postLogoutRedirectUris: ['http://localhost:4000/'],
};

export const reports = {
  clientId: 'ledgerly-reports',
  name: 'Ledgerly Reports',
  tenant: northwind.slug,
  firstParty: false,
  redirectUris: ['http://localhost:4001/callback'],
  postLogoutRedirectUris: ['http://localhost:4001/'],
};

export const service = {
  clientId: 'nightly-stock-sync',
  name: 'Nightly stock sync',
  tenant: northwind.slug,
  capabilities: ['inventory.read', 'inventory.write'],
};
