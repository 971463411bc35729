/** Rotation uses the derived successor (docs/decisions/0003-refresh-token-rotation.md); a line's first token stays random. */
import Provider from 'oidc-provider';
import { refreshSuccessor } from '../storage/refresh-rotation.ts';
import { type Override, replaceMethod } from './override.ts';

interface NamedToken {
  generateTokenId(): string;
}

export const refreshSuccessors: Override = {
  name: 'refresh-successors',
  why: 'The library draws each refresh token anew, so that an honest retry would get another line.',
  apply({ provider }, { secrets }) {
    const prototype = provider.RefreshToken.prototype as unknown as NamedToken;
    replaceMethod(
      prototype,
      'generateTokenId',
      (randomTokenId) =>
        function generateTokenId(this: NamedToken) {
          const rotated = Provider.ctx?.oidc?.entities.RotatedRefreshToken;
          return rotated ? refreshSuccessor(secrets, rotated.jti) : randomTokenId.call(this);
        },
    );
  },
};
