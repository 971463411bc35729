/** Rotation uses the derived successor (docs/decisions/0003-refresh-token-rotation.md); a line's first token stays random. */
import Provider from 'oidc-provider';
import { requestMemory } from '../request-memory.ts';
import { newestOfLine } from '../storage/refresh-rotation.ts';
import { SuccessorUsed } from '../storage/refresh-token-adapter.ts';
import { type Override, replaceMethod } from './override.ts';

interface SavedToken {
  jti: string | undefined;
  generateTokenId(): string;
  save(): Promise<string>;
}

// Each round some other request has moved the line on; many rounds would mean somebody who does nothing else.
const mostRounds = 10;

export const refreshSuccessors: Override = {
  name: 'refresh-successors',
  why: 'The library draws each refresh token anew, so that an honest retry would get another line.',
  apply({ provider }, { db, secrets }) {
    const prototype = provider.RefreshToken.prototype as unknown as SavedToken;
    replaceMethod(
      prototype,
      'generateTokenId',
      (randomTokenId) =>
        function generateTokenId(this: SavedToken) {
          if (!Provider.ctx?.oidc?.entities.RotatedRefreshToken) return randomTokenId.call(this);
          const newest = requestMemory()?.newestRefreshToken;
          if (newest === undefined) throw new Error('a refresh token was rotated that was not used');
          return newest;
        },
    );
    replaceMethod(
      prototype,
      'save',
      (save) =>
        async function saveNewest(this: SavedToken) {
          for (let round = 1; ; round++) {
            try {
              return await save.call(this);
            } catch (error) {
              const memory = requestMemory();
              if (!(error instanceof SuccessorUsed) || !memory || !this.jti || round === mostRounds) throw error;
              memory.newestRefreshToken = await newestOfLine(db, secrets, this.jti);
              this.jti = undefined;
            }
          }
        },
    );
  },
};
