/** The library's provider, with each exchange of a code or a refresh token stored at once (storage/exchange.ts). */
import type { CanBePromise, Configuration, Provider, TokenEndpointGrantContext } from 'oidc-provider';
import type { Database } from '../platform/database.ts';
import { QueryKeepingProvider } from './response-modes.ts';
import { exchangeAtOnce, exchangedGrantTypes } from './storage/exchange.ts';

type GrantParameters = Parameters<Provider['registerGrantType']>[2];

export class ExchangingProvider extends QueryKeepingProvider {
  readonly #db: Database;
  // No initial value: the library's constructor has filled it by the time that ours would.
  declare private seen: Set<string> | undefined;

  /** @throws where the library has grant types that did not come by here: the start stops */
  constructor(db: Database, issuer: string, configuration: Configuration) {
    super(issuer, configuration);
    this.#db = db;
    for (const name of exchangedGrantTypes)
      if (!this.seen?.has(name)) throw new Error(`oidc-provider registers its grant type ${name} elsewhere`);
  }

  override registerGrantType<Params extends object>(
    name: string,
    handler: (ctx: TokenEndpointGrantContext<Params>) => CanBePromise<void>,
    params?: GrantParameters,
    duplicates?: GrantParameters,
  ): void {
    this.seen ??= new Set();
    this.seen.add(name);
    const stored = (ctx: TokenEndpointGrantContext<Params>) => exchangeAtOnce(this.#db, ctx, () => handler(ctx));
    super.registerGrantType(name, exchangedGrantTypes.has(name) ? stored : handler, params, duplicates);
  }
}
