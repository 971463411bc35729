/** An account that a way to sign in has proved: what the choice between several of a person shows. */
export interface ProvedAccount {
  userId: string;
  tenantId: string;
  tenantName: string;
  tenantSlug: string;
  name: string | null;
  email: string | null;
}
