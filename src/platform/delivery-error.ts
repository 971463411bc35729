/**
 * Why a message did not leave. Refuses to repeat what a provider said about an address: its text would be the person's
 * address in a log.
 */
export class DeliveryError extends Error {
  /** The provider will never take this message: it is not tried again. */
  readonly permanent: boolean;
  /** The provider certainly does not have it. False where its answer was lost. */
  readonly notSent: boolean;
  /** The provider's number for it (an SMTP reply, an error of Twilio), or a constant such as `ETIMEDOUT`. */
  readonly reason: string;

  /** @param message for the log; names no address and no content */
  constructor(
    message: string,
    { permanent, notSent, reason }: { permanent: boolean; notSent: boolean; reason: string },
  ) {
    super(message);
    this.name = 'DeliveryError';
    this.permanent = permanent;
    this.notSent = notSent;
    this.reason = reason;
  }
}
