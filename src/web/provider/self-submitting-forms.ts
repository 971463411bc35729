/**
 * The library carries some things on by a bare form that submits itself: the end of the session of the person signed in
 * when another person signs in, signing out without a session, a device code that came in a link, and answers in
 * `response_mode=form_post`. This draws each as a page of ours: in the reader's language, under the policy of our pages,
 * sent by our own script or else by its button.
 */
import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { formAction, hiddenFields, isSelfSubmittingForm } from '../../oidc/library-texts.ts';
import { clientSurroundings, type Pages } from '../pages/pages.ts';

export function selfSubmittingForms(pages: Pages): Middleware {
  return async (ctx, next) => {
    const policy = ctx.response.get('Content-Security-Policy');
    await next();
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
    const { body, status } = ctx;
    if (!oidc?.route || !isSelfSubmittingForm(body)) return;
    // The library has allowed its inline script there.
    ctx.set('Content-Security-Policy', policy);

    const state = oidc.session?.state as { clientId?: string } | undefined;
    const client = oidc.client ?? (state?.clientId ? await oidc.provider.Client.find(state.clientId) : undefined);
    const asked = oidc.entities.Interaction?.params ?? oidc.params;
    pages.render(
      ctx,
      'interaction/switching',
      { formAction: formAction(body), fields: hiddenFields(body) },
      { ...clientSurroundings(client, asked?.redirect_uri), status },
    );
  };
}
