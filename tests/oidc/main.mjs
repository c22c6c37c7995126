// A provider of identities that others wrote, and people who sign in at it: an invitation is accepted through it, the
// account opened by it, an account linked with it; what it is not sure enough of is refused, and so is whoever was not sent.
// Arguments: the program's address, the password of the demonstration's users, its folder of mails, the provider's port, and
// a folder with the provider's certificate and key.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import Provider from 'oidc-provider'

const [address, password, outbox, port, papers] = process.argv.slice(2)
const HIGH = 'urn:high'
const LOW = 'urn:low'
// What it notes while it begins is no result.
console.info = console.error
const issuer = `https://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'ahq',
      client_secret: process.env.OIDC_CLIENT_SECRET,
      redirect_uris: [`${address}/oidc/home/callback`],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  acrValues: [HIGH, LOW],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  // Whoever signs in here has agreed that the exchange hears who they are.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    })
    grant.addOIDCScope('openid')
    await grant.save()
    return grant
  },
})

// Who is at the keyboard, and how they prove it; set before they are sent there.
let person = { accountId: '', acr: '' }
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/sign-in/')) return next()
  const { prompt } = await provider.interactionDetails(ctx.req, ctx.res)
  if (prompt.name !== 'login') throw new Error(`asked for ${prompt.name}`)
  const login = { ...person, remember: false }
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login }))
})
const certificate = { cert: readFileSync(join(papers, 'provider.pem')), key: readFileSync(join(papers, 'provider.key')) }
const server = createServer(certificate, provider.callback()).listen(Number(port), '127.0.0.1')

/** Calls the program. */
async function call(method, path, body, token) {
  const headers = { 'content-type': 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  const reply = await fetch(`${address}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await reply.text()
  return { status: reply.status, json: text ? JSON.parse(text) : {} }
}

/** A browser without a past: follows redirects with their cookies until it is sent back to the program. */
async function browse(url) {
  const cookies = new Map()
  for (let step = 0; step < 10; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const set of reply.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)
      cookies.set(name, value)
    }
    const location = reply.headers.get('location')
    if (!location) throw new Error(`${reply.status} at ${url}: ${await reply.text()}`)
    url = new URL(location, url).href
    if (url.startsWith(`${address}/oidc/home/callback`)) return new URL(url).searchParams
  }
  throw new Error('sent around in a circle')
}

/** Somebody asks for the way, signs in at the provider as who they are, and has what to come back with. */
async function sent(wanted, who, token) {
  const begun = await call('POST', '/oidc/providers/home/authorizations', wanted, token)
  if (begun.status !== 201) throw new Error(`no way: ${JSON.stringify(begun)}`)
  person = who
  const back = await browse(begun.json.authorizationUrl)
  if (back.get('error')) throw new Error(`${back.get('error')}: ${back.get('error_description')}`)
  return {
    code: back.get('code'),
    state: back.get('state'),
    binding: begun.json.binding,
    issuer: back.get('iss'),
  }
}

const through = (way) => call('POST', '/oidc/providers/home/sessions', way)

/** The secret of the invitation that was mailed to somebody. */
async function invitation(to) {
  for (let tries = 0; tries < 100; tries++) {
    for (const file of readdirSync(outbox).filter((name) => name.endsWith('.eml'))) {
      const text = readFileSync(join(outbox, file), 'utf8').replace(/=\r?\n/g, '')
      const found = /\/invitations\/([A-Za-z0-9_-]{43})/.exec(text)
      if (found && text.includes(to)) return found[1]
    }
    await new Promise((later) => setTimeout(later, 200))
  }
  throw new Error('no invitation was mailed')
}

let measured = 0
let target = 0
function hold(what, holds) {
  target += 1
  measured += holds ? 1 : 0
  if (!holds) console.error(`oidc: not so: ${what}`)
}

try {
  const lead = await call('POST', '/session', { email: 'coordinator.lu@example.org', password })
  const token = lead.json.accessToken
  const to = 'anna.oidc@example.org'
  await call('POST', '/offices/LU/users', { name: 'Anna Muster', email: to, role: 'reader' }, token)
  const secret = await invitation(to)
  const anna = { accountId: 'anna', acr: HIGH }
  const bea = { accountId: 'bea', acr: HIGH }

  // The control: without the class that the settings name, nobody comes in, neither by an invitation.
  const weak = await sent({ purpose: 'invitation', invitation: secret }, { ...anna, acr: LOW })
  const refused = await through(weak)
  hold('another class is refused', refused.status === 401 && refused.json.code === 'assurance_too_low')

  // The same provider by its other name, where nothing says whose certificates to trust.
  const untrusted = await call('POST', '/oidc/providers/stranger/authorizations', { purpose: 'sign_in' })
  hold('an unknown authority is not trusted', untrusted.json.code === 'provider_unavailable')

  const invited = await sent({ purpose: 'invitation', invitation: secret }, anna)
  const accepted = await through(invited)
  hold('an invitation is accepted', accepted.status === 201)
  const me = await call('GET', '/me', undefined, accepted.json.accessToken)
  hold('it is the account of who was invited', me.json.email === to && me.json.status === 'active')
  hold('a way is gone once', (await through(invited)).json.code === 'authorization_ended')

  const again = await through(await sent({ purpose: 'sign_in' }, anna))
  hold('the identity opens the account', again.status === 201)
  const session = await call('GET', '/session', undefined, again.json.accessToken)
  hold('the class stands for the second factor', session.json.secondFactor === true)
  const below = await through(await sent({ purpose: 'sign_in' }, { ...anna, acr: LOW }))
  hold('another class is refused then, too', below.json.code === 'assurance_too_low')
  const unknown = await through(await sent({ purpose: 'sign_in' }, bea))
  hold('nobody else is let in', unknown.status === 401 && unknown.json.code === 'identity_unknown')

  const mine = await sent({ purpose: 'link', password }, bea, token)
  const other = await sent({ purpose: 'sign_in' }, bea)
  const led = await through({ ...other, binding: mine.binding })
  hold("another's binding is refused", led.json.code === 'authorization_ended')
  const mixed = await through({ ...other, issuer: 'https://other.example.org' })
  hold('another issuer is refused', mixed.json.code === 'authorization_ended')
  const linked = await call('POST', '/me/identities', { ...mine, provider: 'home' }, token)
  hold('an identity is linked', linked.status === 201 && linked.json.subject === 'bea')
  hold('it opens that account', (await through(other)).status === 201)
} catch (error) {
  hold(error.stack, false)
}
server.close()
server.closeAllConnections()
const right = measured === target && target >= 13
console.log(`goal=oidc measured=${measured} target=${target} ${right ? 'pass' : 'fail'}`)
process.exit(right ? 0 : 1)
