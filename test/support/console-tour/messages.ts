/** What to look at of the section Messages. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = () => [
  { name: 'list', path: '/messages' },
  { name: 'narrowed', path: '/messages?channel=sms&reason=21610' },
  { name: 'nothing', path: '/messages?channel=whatsapp' },
];
