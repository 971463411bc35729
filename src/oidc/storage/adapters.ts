/** One adapter for each of the library's models. */
import type { Adapter, AdapterFactory } from 'oidc-provider';
import { createApprovalRequestAdapter } from './approval-request-adapter.ts';
import { createClientAdapter } from './client-adapter.ts';
import { createDeviceCodeAdapter } from './device-code-adapter.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { createRefreshTokenAdapter } from './refresh-token-adapter.ts';
import type { AdapterDependencies } from './sealing.ts';
import { createServiceTokenAdapter } from './service-token-adapter.ts';
import { createSessionAdapter } from './session-adapter.ts';

/** The models that have an adapter of their own; the others share one. */
const ownAdapters: Record<string, (dependencies: AdapterDependencies) => Adapter> = {
  BackchannelAuthenticationRequest: createApprovalRequestAdapter,
  Client: createClientAdapter,
  ClientCredentials: createServiceTokenAdapter,
  DeviceCode: createDeviceCodeAdapter,
  RefreshToken: createRefreshTokenAdapter,
  Session: createSessionAdapter,
};

export function createAdapterFactory(dependencies: AdapterDependencies): AdapterFactory {
  return (model) => ownAdapters[model]?.(dependencies) ?? createPayloadAdapter(model, dependencies);
}
