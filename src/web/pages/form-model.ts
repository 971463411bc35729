/** Owns what the forms of the hosted pages have in common: the error they come back with, and their hidden fields. */

import type { ErrorCode } from '../../platform/errors.ts';
import type { TextParams } from '../../platform/i18n.ts';

/** Why a form came back; `field` is the name of the input to correct. */
export interface FormError {
  code: ErrorCode;
  params?: TextParams;
  field?: string;
}

export interface HiddenField {
  name: string;
  value: string;
}

/** What every page with a form takes beside its own fields. */
export interface FormModel {
  error?: FormError;
}
