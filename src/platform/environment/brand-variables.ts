/** The variables that give the server a look of its own, and what they come to. */
import { z } from 'zod';
import { type Brand, isAccentColor, isPictureUrl, isSupportUrl, productName } from '../brand.ts';

const longestName = 100;

/** Part of the environment's schema. */
export const brandVariables = {
  BRAND_NAME: z
    .string()
    .transform((name) => name.trim())
    .refine((name) => name.length <= longestName, `must have at most ${longestName} characters`)
    .refine(
      (name) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069<>"]/u.test(name),
      'must be a plain name without quotes or angle brackets',
    )
    .optional(),
  BRAND_LOGO_URL: z.string().refine(isPictureUrl, 'must be an https address').optional(),
  BRAND_ACCENT_COLOR: z.string().refine(isAccentColor, 'must be a colour such as #1f6f6b').optional(),
  BRAND_SUPPORT_URL: z
    .string()
    .refine(isSupportUrl, 'must be an https address, or such as mailto:help@example.org')
    .optional(),
};

type BrandEnvironment = { [Name in keyof typeof brandVariables]?: string | undefined };

/** The server's look. */
export function brandOf(env: BrandEnvironment): Brand {
  return {
    name: env.BRAND_NAME ?? productName,
    logoUrl: env.BRAND_LOGO_URL,
    accentColor: env.BRAND_ACCENT_COLOR,
    supportUrl: env.BRAND_SUPPORT_URL,
  };
}
