// A real OpenID Connect provider (oidc-provider, certified): node oidc.mjs PORT REDIRECT_URI
// People sign in with any password; "x@…" is told as an address nobody verified.
import Provider from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'bole', client_secret: 'a secret between the two of us', redirect_uris: [redirect] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: id,
      email_verified: !id.startsWith('x'),
      preferred_username: id.split('@')[0],
    }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
