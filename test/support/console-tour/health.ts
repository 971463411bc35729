/** What to look at of the section Health. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = () => [{ name: 'health', path: '/health' }];
