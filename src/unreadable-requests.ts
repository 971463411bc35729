/**
 * The answer to a request that Node.js cannot read: there is no request to draw a page for, only a connection. Headers that
 * are too large get a page, because they are a person's: cookies of many applications under one name, or an address that
 * carries too much. It is whole without another request, which would come with the same headers.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Of all headers of a request together, bytes. */
export const mostHeaderBytes = 64 * 1024;

/** How long what is still being sent is read and dropped: a connection that is closed on it loses the answer. */
const lingerMs = 1_000;

const tooLargePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The request is too large</title>
<h1>The request is too large</h1>
<p>Your browser sent more than this site can take, most often because many cookies have gathered. Delete the cookies of this
site in your browser’s settings, then go back to the application and try again.</p>
<section lang="fr">
<h2>La requête est trop volumineuse</h2>
<p>Votre navigateur a envoyé plus que ce site ne peut recevoir, le plus souvent parce que de nombreux cookies se sont accumulés.
Supprimez les cookies de ce site dans les réglages de votre navigateur, puis revenez à l’application et réessayez.</p>
</section>
</html>
`;

function answer(status: string, body = ''): string {
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Cache-Control: no-store',
    ...(body === ''
      ? []
      : [
          'Content-Type: text/html; charset=utf-8',
          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
          'X-Content-Type-Options: nosniff',
          'Referrer-Policy: no-referrer',
        ]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function answerTo({ code }: NodeJS.ErrnoException): string {
  if (code === 'HPE_HEADER_OVERFLOW') return answer('431 Request Header Fields Too Large', tooLargePage);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return answer('408 Request Timeout');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return answer('413 Payload Too Large');
  return answer('400 Bad Request');
}

/** The sockets whose answer has begun: a second one would be read as a part of it. */
interface AnsweringSocket extends Socket {
  _httpMessage?: { headersSent: boolean } | null;
}

export function answerUnreadable(server: Server): void {
  const answered = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: AnsweringSocket) => {
    // Told again of each piece that still comes.
    if (answered.has(socket)) return;
    answered.add(socket);
    if (!socket.writable || socket._httpMessage?.headersSent) return socket.destroy();
    socket.end(answerTo(error));
    socket.resume();
    setTimeout(() => socket.destroy(), lingerMs).unref();
  });
}
