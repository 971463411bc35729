/**
 * What a way to sign in is. Each method has one home under domain/methods, which exports one object of this shape;
 * methods/methods.ts lists them. Methods do not know each other: what several of them have to be asked for goes by that
 * list, which is handed down (`methods`). A method that forgets to say what it takes away does not compile.
 */
import type { Database } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { Channel } from '../messages/outgoing-message.ts';
import type { MessageBudgets } from '../messages/phone-policy.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import type { UserOfTenant } from '../users/users.ts';
import type { AddressKind } from '../users/verified-address.ts';
import type { PersonRow } from './candidate-store.ts';
import type { Check } from './rules.ts';

/** What this server has to sign people in by. */
export interface SignInServer {
  /** `signInMethods` of methods/methods.ts. */
  methods: readonly SignInMethod[];
  /** The channels of codes and links that have a provider here. */
  channels: readonly Channel[];
  /** `config.phone.countries`: the countries that messages may go to; empty: the tenants' own lists decide. */
  phoneCountries: readonly string[];
  /** `offeredProviders` of the tenant. Absent: no way leads by one. */
  providers?: readonly { key: string; issuer: string }[];
}

/** One thing to choose on a sign-in page: the password, codes by one channel, one identity provider. */
export interface Way {
  /** `SignInMethod.id` */
  method: string;
  /** `password`, the channel of a code, or the key of an identity provider. */
  by: string;
}

/** Something that an account can be signed in to by and that is not an address. */
export interface Credential {
  /** `password`, or the key of an identity provider. */
  name: string;
  /** Of an identity at a provider. */
  issuer?: string;
}

/** What somebody can prove. */
export interface Provable {
  /** Proved, at most one of a kind. Without `address`: one that messages may go to, not known yet. */
  addresses: readonly { kind: AddressKind; address?: string }[];
  credentials: readonly Credential[];
}

/** What an explanation is made from. */
export interface Explaining {
  settings: TenantSettings;
  server: SignInServer;
  secrets: Secrets;
  budgets: MessageBudgets;
}

/** A way in, and each rule and limit on it, held against one person. */
export interface ExplainedWay extends Way {
  checks: Check[];
}

export interface SignInMethod {
  /** For the trail and the metrics. */
  readonly id: string;
  /** What `sign_in_methods` of a tenant calls it. Empty: by other names, such as the keys of identity providers. */
  readonly settingNames: readonly string[];
  /**
   * The ways that a tenant can offer its people on this server, the same for everybody.
   * @param settings null where the tenant is not known yet: what it does not allow is left out when it is
   */
  offers(settings: TenantSettings | null, server: SignInServer): Way[];
  /** Whether somebody can come in by one of these now. */
  opens(way: Way, person: Provable, at: { settings: TenantSettings; server: SignInServer }): boolean;
  /**
   * Every way of this method that there could be for a person of the tenant, also where it is not offered, with each of the
   * rules and limits that signing in asks. Counts nothing.
   */
  explain(db: Database, person: PersonRow, at: Explaining): Promise<ExplainedWay[]>;
  /** What an account holds of this method. */
  credentialsOf(db: Database, user: UserOfTenant): Promise<Credential[]>;
  /**
   * Takes all of that away. Asked of every method when an address of the account is proved for the first time: somebody else
   * may have set it up (account pre-hijacking). The caller has locked the user, and writes the event.
   * @param user.since what was added from then on alone, for an account that was somebody else's for a while; a password has
   *   no such moment and goes whole
   * @returns the names of what was there
   */
  takeAway(trx: Database, user: UserOfTenant & { since?: Date }): Promise<string[]>;
}
