/** Who is told what happens, and how: the one place that names the kinds of receivers. */
import type { Dependencies } from './dependencies.ts';
import { findServiceCapabilities } from './domain/clients/client-store.ts';
import { pushedStreams } from './domain/event-streams/push-stream.ts';
import { receiverCall } from './domain/events/call-receiver.ts';
import { type Sender, type SenderOptions, startSender } from './domain/events/sender.ts';
import { tellEndsByTime } from './domain/lifecycle/ends-by-time.ts';
import { webhookKind } from './domain/webhooks/deliver-webhook.ts';
import { createEventSigner } from './oidc/event-signer.ts';
import { createOutboundFetch } from './platform/network/outbound.ts';

/** Begins to tell, until it is stopped. */
export function startTelling(
  { config, db, secrets, logger, timeouts }: Dependencies,
  options: Partial<SenderOptions> = {},
): Sender {
  const fetch = createOutboundFetch({
    ...receiverCall,
    allowedNetworks: [...config.outboundAllowedNetworks],
    ...(timeouts.webhookMs !== undefined && { timeoutMs: timeouts.webhookMs }),
  });
  const mayReceive = async (clientId: string) =>
    (await findServiceCapabilities(db, clientId)).some(({ key }) => key === 'events.receive');
  const sign = createEventSigner({ db, secrets });
  const kinds = {
    webhook: webhookKind({ db, secrets, fetch }),
    stream_push: pushedStreams({ db, secrets, fetch, issuer: config.issuer, sign, mayReceive }),
  };
  return startSender({ db, logger, kinds, tellEnds: tellEndsByTime, ...options });
}
