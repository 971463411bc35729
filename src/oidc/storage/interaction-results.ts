/**
 * What an interaction ends with. The library would read the interaction once more and store it as a new one; here it is stored
 * where it still is, so that one which was ended meanwhile (by another click, by whatever ends the person's sign-ins) stays so.
 */
import type { AdapterPayload, Interaction, InteractionResults } from 'oidc-provider';
import { replacePayload } from '../../domain/sessions/payload-store.ts';
import { type AdapterDependencies, payloadRow } from './sealing.ts';

/**
 * Keeps the result beside what the steps have kept, as `interactionResult` of the library does.
 * @param interaction as this request has read it
 * @returns where the library goes on; undefined where the interaction has ended
 */
export async function storeInteractionResult(
  { db, secrets }: Pick<AdapterDependencies, 'db' | 'secrets'>,
  interaction: Interaction,
  result: InteractionResults,
): Promise<string | undefined> {
  interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result };
  const stored = interaction as unknown as { getValueAndPayload(): Promise<{ payload: AdapterPayload }> };
  const { payload } = await stored.getValueAndPayload();
  const row = payloadRow(secrets, 'Interaction', interaction.uid, payload, undefined);
  return (await replacePayload(db, row)) ? interaction.returnTo : undefined;
}
