/** Grant types beyond those of the library. */

/** RFC 8693 section 2.1. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** RFC 7523 section 2.1: an assertion of another authorization server for a token (cross-app access). */
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
