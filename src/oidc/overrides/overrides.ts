/**
 * Every change to the library's insides, in the order in which they are applied. test/oidc/overrides/contract.test.ts says
 * of each what it rests on, and fails in words where an upgrade of oidc-provider took that away.
 */
import { anonymousSession } from './anonymous-session.ts';
import { backchannelLogout } from './backchannel-logout.ts';
import { basicCredentials } from './basic-credentials.ts';
import { claimMapping } from './claim-mapping.ts';
import { clientSecrets } from './client-secrets.ts';
import { exchangedTokens } from './exchanged-tokens.ts';
import { formBody } from './form-body.ts';
import { formCharset } from './form-charset.ts';
import { introspectedKeys } from './introspected-keys.ts';
import { issuerAddresses } from './issuer-addresses.ts';
import { nativeClientPrompt } from './native-client-prompt.ts';
import { orgNodeCarrier } from './org-node-carrier.ts';
import type { Library, Override, OverrideDependencies } from './override.ts';
import { plainContext } from './plain-context.ts';
import { postLogoutQuery } from './post-logout-query.ts';
import { profileTokens } from './profile-tokens.ts';
import { refreshSuccessors } from './refresh-successors.ts';
import { registeredResources } from './registered-resources.ts';
import { rememberedClients } from './remembered-clients.ts';
import { replayDetection } from './replay-detection.ts';
import { sessionIds } from './session-ids.ts';
import { structuredTokens } from './structured-tokens.ts';
import { trialRedirects } from './trial-redirects.ts';
import { typedUserCodes } from './typed-user-codes.ts';
import { workloadAssertions } from './workload-assertions.ts';

export const overrides: readonly Override[] = [
  plainContext,
  issuerAddresses,
  formCharset,
  formBody,
  basicCredentials,
  workloadAssertions,
  clientSecrets,
  rememberedClients,
  replayDetection,
  refreshSuccessors,
  backchannelLogout,
  anonymousSession,
  orgNodeCarrier,
  nativeClientPrompt,
  postLogoutQuery,
  typedUserCodes,
  structuredTokens,
  introspectedKeys,
  exchangedTokens,
  claimMapping,
  registeredResources,
  trialRedirects,
  profileTokens,
  sessionIds,
];

/** To be called once for each provider that is built, before it answers anybody. */
export function applyOverrides(library: Library, dependencies: OverrideDependencies): void {
  for (const override of overrides) override.apply(library, dependencies);
}
