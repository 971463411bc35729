/**
 * An API is its registered identifier from the moment that a request names it, however the request spells it (RFC 3986
 * section 6.2.3): in codes, in what was granted, and in `aud`.
 */
import Provider from 'oidc-provider';
import { registeredAmong } from '../../domain/resource-servers/normal-identifier.ts';
import { type Override, replaceMethod } from './override.ts';

interface NamedResource {
  /** As it is registered (tokens/resources.ts). */
  audience?: string;
  _identifier: string;
}

const byName = Symbol('resource servers');

interface RequestingContext {
  [byName]?: Record<string, NamedResource> | undefined;
  params?: { resource?: string | string[] };
}

function respell(params: RequestingContext['params'], given: string, registered: string): void {
  if (!params || given === registered) return;
  const { resource } = params;
  if (resource === given) params.resource = registered;
  else if (Array.isArray(resource))
    params.resource = [...new Set(resource.map((one) => (one === given ? registered : one)))];
}

/** The map of what a request names, which keeps everything under its registered name. */
function byRegisteredName(oidc: RequestingContext): Record<string, NamedResource> {
  return new Proxy<Record<string, NamedResource>>(
    {},
    {
      set(target, given, server: NamedResource) {
        const registered = server.audience ?? String(given);
        respell(oidc.params, String(given), registered);
        server._identifier = registered;
        target[registered] = server;
        return true;
      },
    },
  );
}

interface Found {
  resource?: string | string[];
}

interface Model {
  find(...args: unknown[]): Promise<Found | undefined>;
}

export const registeredResources: Override = {
  name: 'registered-resources',
  why: 'The library compares the identifier of an API as the request spells it with what was granted, letter by letter.',
  apply({ provider }) {
    const { prototype } = (provider as unknown as { OIDCContext: { prototype: RequestingContext } }).OIDCContext;
    Object.defineProperty(prototype, 'resourceServers', {
      configurable: true,
      get(this: RequestingContext) {
        this[byName] ??= byRegisteredName(this);
        return this[byName];
      },
      // The library sets it to an empty map in its constructor.
      set(this: RequestingContext) {
        this[byName] = undefined;
      },
    });
    // Before these are exchanged, `resource` is looked for among what they are good for.
    const { AuthorizationCode, BackchannelAuthenticationRequest, DeviceCode, RefreshToken } = provider;
    for (const model of [AuthorizationCode, BackchannelAuthenticationRequest, DeviceCode, RefreshToken] as unknown[])
      replaceMethod(
        model as Model,
        'find',
        (find) =>
          async function findAndRespell(this: Model, ...args) {
            const found = await find.apply(this, args);
            const params = (Provider.ctx?.oidc as RequestingContext | undefined)?.params;
            const { resource } = params ?? {};
            if (!found?.resource || typeof resource !== 'string') return found;
            const registered = registeredAmong([found.resource].flat(), resource);
            if (registered !== undefined) respell(params, resource, registered);
            return found;
          },
      );
  },
};
