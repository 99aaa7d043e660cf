#!/usr/bin/env python3
"""jabberd2.py -- make a big, made-up jabberd2 2.7 database for import speed tests.

Only the Python standard library is needed. The same arguments give the same rows.

  jabberd2.py --sqlite out.db                       400,000 users, SQLite
  jabberd2.py --pg "host=127.0.0.1 dbname=jd2"      the same rows into PostgreSQL (COPY through psql)
  jabberd2.py --copy-dir DIR                        one COPY text file per table, plus load.sql
  jabberd2.py --users 5000 --sqlite small.db --expect small.json

What is in it (all figures are defaults, per user on average):
  accounts        --users 400000, spread over --hosts (first host 80 %, the rest share 20 %); the users of the
                  later hosts bear the names of users of the first host, so that names alone do not identify anybody
  passwords       --passwords plain | a1hash   (MD5 of user:realm:password, realm = host)
  rosters         --roster-avg 20 items; the number a user adds himself is zipf-like (most add few, some add hundreds),
                  and a few users are far more popular than the rest; both sides of every pair agree.
                  75 % both, 10 % one way, 8 % asked and not answered (the request waits in "queue"), 7 % bare items;
                  0, 1 or 2 groups out of a small set of the user's own; names with non-ASCII letters and quotes
  private XML     60 % of users, 1-3 namespaces each (bookmarks, game preferences, roster notes)
  privacy lists   15 % of users, 1-3 lists with 1-10 items, two thirds have a default list
  vcards          40 % of users, a quarter of them with a picture of 1-8 KiB
  offline         5 % of users have 1-5 messages waiting (besides the subscription requests)
  logout, status  95 % of users; the rest never came back after registering
  leftovers       --odd 0.001 of users get a row that needs care: rows of an owner without account, an account that was
                  never used (no "active" row), a group row without item, a contact whose JID is not normalised,
                  a queue row that is not XML
--expect FILE writes, for --sample (200) users, what an import should find, and the row counts of all tables.
"""
import argparse, base64, hashlib, json, os, random, sqlite3, subprocess, sys, time
from array import array
from xml.sax.saxutils import escape, quoteattr

RNS = 'http://jabberd.jabberstudio.org/ns/component/1.0'
SNS = 'http://jabberd.jabberstudio.org/ns/session/1.0'
CO = 'collection-owner'
# table -> (column, kind) ; kinds: t text, i integer, b boolean
TABLES = {
 'authreg': [('username', 't'), ('realm', 't'), ('password', 't')],
 'active': [(CO, 't'), ('time', 'i')],
 'logout': [(CO, 't'), ('time', 'i')],
 'roster-items': [(CO, 't'), ('jid', 't'), ('name', 't'), ('to', 'b'), ('from', 'b'), ('ask', 'i')],
 'roster-groups': [(CO, 't'), ('jid', 't'), ('group', 't')],
 'private': [(CO, 't'), ('ns', 't'), ('xml', 't')],
 'privacy-items': [(CO, 't'), ('list', 't'), ('type', 't'), ('value', 't'), ('deny', 'b'), ('order', 'i'), ('block', 'i')],
 'privacy-default': [(CO, 't'), ('default', 't')],
 'queue': [(CO, 't'), ('xml', 't')],
 'status': [(CO, 't'), ('status', 't'), ('show', 't'), ('last-login', 'i'), ('last-logout', 'i'), ('xml', 't')],
 'vcard': [(CO, 't')] + [(c, 't') for c in ('fn nickname url tel email jabberid mailer title role bday tz n-family n-given n-middle n-prefix n-suffix adr-street adr-extadd adr-pobox adr-locality adr-region adr-pcode adr-country geo-lat geo-lon org-orgname org-orgunit agent-extval sort-string desc note uid photo-type photo-binval photo-extval logo-type logo-binval logo-extval sound-phonetic sound-binval sound-extval key-type key-cred rev').split()],
 'motd-message': [(CO, 't'), ('xml', 't')], 'motd-times': [(CO, 't'), ('time', 'i')],
 'vacation-settings': [(CO, 't'), ('start', 'i'), ('end', 'i'), ('message', 't')],
}
VC = ('fn', 'nickname', 'tel', 'email', 'bday', 'n-family', 'n-given', 'adr-locality', 'adr-country', 'org-orgname', 'desc', 'photo-type', 'photo-binval')
OWNER_INDEX = {'active': 'i_active_collection_owner', 'roster-items': 'i_rosteri_owner', 'roster-groups': 'i_rosterg_owner', 'vcard': 'i_vcard_owner',
               'queue': 'i_queue_owner', 'private': 'i_private_owner', 'privacy-items': 'i_privacyi_owner'}
PG_KEY = {'authreg': '"username", "realm"', 'active': '"%s"' % CO, 'logout': '"%s"' % CO, 'roster-items': '"%s", "jid"' % CO, 'roster-groups': '"%s", "jid", "group"' % CO,
          'vcard': '"%s"' % CO, 'private': '"%s", "ns"' % CO, 'privacy-default': '"%s"' % CO, 'status': '"%s"' % CO, 'motd-times': '"%s"' % CO, 'motd-message': '"%s"' % CO, 'vacation-settings': '"%s"' % CO}

def ddl(t, pg):
    ty = {'t': 'TEXT', 'i': 'INTEGER', 'b': 'BOOLEAN' if pg or t != 'privacy-items' else 'BOOL'}
    cols = ['"%s" %s' % (c, 'varchar(1023)' if pg and t == 'authreg' and c != 'password' else ty[k]) for c, k in TABLES[t]]
    if t != 'authreg': cols.insert(1, '"object-sequence" ' + ('bigint DEFAULT nextval(\'object-sequence\')' if pg else 'INTEGER PRIMARY KEY'))
    return 'CREATE TABLE "%s" ( %s );' % (t, ', '.join(cols))
def indexes(t, pg):
    out = []
    if pg and t in PG_KEY: out.append('ALTER TABLE "%s" ADD PRIMARY KEY (%s);' % (t, PG_KEY[t]))
    if t in OWNER_INDEX: out.append('CREATE INDEX %s ON "%s"("%s");' % (OWNER_INDEX[t], t, CO))
    if t == 'authreg': out += ['CREATE INDEX i_authreg_username ON "authreg"("username");', 'CREATE INDEX i_authreg_realm ON "authreg"("realm");']
    if t == 'roster-groups': out.append('CREATE INDEX i_rosterg_owner_jid ON "roster-groups"("%s", "jid");' % CO)
    return out

class ToSqlite:
    def __init__(self, path):
        if os.path.exists(path): os.remove(path)
        self.c = sqlite3.connect(path, isolation_level=None)
        self.c.executescript('PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; PRAGMA locking_mode=EXCLUSIVE;')
        self.q = {}
        for t, cols in TABLES.items():
            self.c.execute(ddl(t, False))
            self.q[t] = 'INSERT INTO "%s" (%s) VALUES (%s)' % (t, ', '.join('"%s"' % c for c, _ in cols), ', '.join('?' * len(cols)))
        self.c.execute('CREATE TABLE "published-roster" ( "collection-owner" TEXT NOT NULL, "object-sequence" INTEGER PRIMARY KEY, "jid" TEXT NOT NULL, "group" TEXT, "name" TEXT, "to" BOOLEAN NOT NULL, "from" BOOLEAN NOT NULL, "ask" INTEGER NOT NULL )')
        self.c.execute('BEGIN')
    def put(self, t, rows): self.c.executemany(self.q[t], rows)
    def end(self):
        self.c.execute('COMMIT')
        for t in TABLES:
            for s in indexes(t, False): self.c.execute(s)
        self.c.close()

def pgval(v):
    if v is None: return '\\N'
    if v is True: return 't'
    if v is False: return 'f'
    if isinstance(v, int): return str(v)
    if '\\' in v: v = v.replace('\\', '\\\\')
    if '\n' in v or '\t' in v or '\r' in v: v = v.replace('\n', '\\n').replace('\t', '\\t').replace('\r', '\\r')
    return v
class ToCopy:
    """COPY text format, to files or straight into psql"""
    def __init__(self, directory=None, conninfo=None):
        self.dir, self.conn, self.f, self.p = directory, conninfo, {}, {}
        pre = 'DROP SEQUENCE IF EXISTS "object-sequence" CASCADE;\nCREATE SEQUENCE "object-sequence" CACHE 1000;\n' + ''.join('DROP TABLE IF EXISTS "%s";\n%s\n' % (t, ddl(t, True)) for t in TABLES)
        self.post = ''.join(s + '\n' for t in TABLES for s in indexes(t, True)) + 'ANALYZE;\n'
        if conninfo: subprocess.run(['psql', '-q', '-v', 'ON_ERROR_STOP=1', conninfo], input=pre.encode(), check=True, stderr=subprocess.DEVNULL)
        else: os.makedirs(directory, exist_ok=True); self.pre = pre
        for t, cols in TABLES.items():
            cl = '"%s" (%s)' % (t, ', '.join('"%s"' % c for c, _ in cols))
            if conninfo:
                p = subprocess.Popen(['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-c', 'COPY %s FROM STDIN' % cl, conninfo], stdin=subprocess.PIPE)
                self.p[t] = p; self.f[t] = p.stdin
            else:
                self.f[t] = open(os.path.join(directory, t + '.copy'), 'wb', 1 << 20)
                self.pre += "\\copy %s FROM '%s.copy'\n" % (cl, t)
    def put(self, t, rows): self.f[t].write(''.join('\t'.join(map(pgval, r)) + '\n' for r in rows).encode('utf-8'))
    def end(self):
        for f in self.f.values(): f.close()
        for t, p in self.p.items():
            if p.wait(): sys.exit('COPY of %s failed' % t)
        if self.conn: subprocess.run(['psql', '-q', '-v', 'ON_ERROR_STOP=1', self.conn], input=self.post.encode(), check=True)
        else: open(os.path.join(self.dir, 'load.sql'), 'w').write(self.pre + self.post)
class Both:
    def __init__(self, outs): self.o = outs
    def put(self, t, rows):
        for o in self.o: o.put(t, rows)
    def end(self):
        for o in self.o: o.end()

SYL = 'an ba che da el fi go ha in jo ka li mo na or pi qu ra so ta ur vi we xi yo za'.split()
FIRST = ['Anna', 'Boris', 'Cécile', 'Dmitri', 'Eva', 'Fatima', 'Göran', 'Hana', 'Iñigo', 'Jürgen', 'Kai', 'Łukasz', 'Mei', 'Nadia', 'Olga', 'Paul', 'Žofia', 'Юрий', '健', 'Ahmed']
LAST = ['Novák', "O'Brien", 'Smith', 'Müller', 'Ivanov', 'García', 'Šimek', 'van "Dyk"', 'Kowalski', 'Tanaka', 'Иванов', 'Đukić', 'Al-Amin', 'Larsen', 'Rossi']
GRP = ['Friends', 'Chess Club', 'Work', 'Family & Co', 'Rivals', 'Šachisti', 'Группа', 'Opponents::Blitz', '仲間', 'Buddies']

def name_of(i):
    s = ''; k = i
    for _ in range(3): s += SYL[k % 26]; k //= 26
    s += str(i)
    if i % 97 == 0: s = 'ž' + s
    if i % 101 == 0: s += '\\27x'          # an apostrophe, the way XEP-0106 writes it
    return s

def main():
    ap = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    ap.add_argument('--users', type=int, default=400000); ap.add_argument('--hosts', default='chess.example,wuchess.example')
    ap.add_argument('--roster-avg', type=float, default=20.0); ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--passwords', choices=['plain', 'a1hash'], default='plain'); ap.add_argument('--odd', type=float, default=0.001)
    ap.add_argument('--sqlite'); ap.add_argument('--pg'); ap.add_argument('--copy-dir'); ap.add_argument('--expect'); ap.add_argument('--sample', type=int, default=200)
    A = ap.parse_args(); t0 = time.time()
    if not (A.sqlite or A.pg or A.copy_dir): ap.error('one of --sqlite, --pg, --copy-dir is needed')
    R = random.Random(A.seed); rnd = R.random; N = A.users
    hosts = A.hosts.split(',')
    # ---- who there is
    n1 = N if len(hosts) == 1 else int(N * .8)
    jid, node, host = [], [], []
    for i in range(N):
        if i < n1: h, k = hosts[0], i
        else: h, k = hosts[1 + (i - n1) % (len(hosts) - 1)], (i - n1) // (len(hosts) - 1)
        n = name_of(k); node.append(n); host.append(h); jid.append(n + '@' + h)
    # ---- who knows whom: (owner, contact, state) with both sides; state bits: to, from, ask, bare
    m = 400; want = A.roster_avg / 1.85 * 1.04      # 15 % of the pairs give one row only, some pairs come up twice
    lo, hi = 0.2, 3.0                                    # find the zipf exponent that gives the wanted mean
    for _ in range(60):
        a = (lo + hi) / 2; w = [k ** -a for k in range(1, m + 1)]; mean = sum(k * x for k, x in zip(range(1, m + 1), w)) / sum(w)
        if mean > want: lo = a
        else: hi = a
    cum, s = [], 0.0
    for x in w: s += x; cum.append(s)
    degs = R.choices(range(1, m + 1), cum_weights=cum, k=N)
    E = array('Q'); add = E.append
    for i in range(N):
        d = min(degs[i], N - 1); seen = {i}
        for _ in range(d):
            u = rnd()
            j = int(N * u * u * u) if u < .3 else (i + 1 + int((rnd() ** 3) * N)) % N if u < .9 else int(rnd() * N)
            if j >= N or j in seen: continue
            seen.add(j); p = rnd()
            if p < .75: x, y = 3, 3
            elif p < .80: x, y = 1, 2
            elif p < .85: x, y = 2, 1
            elif p < .93: x, y = 4, 8
            else: x, y = 0, None
            add(i << 28 | j << 4 | x)
            if y is not None: add(j << 28 | i << 4 | y)
    E = sorted(E); ne = len(E)
    print('%6.1fs  %d users, %d relations drawn' % (time.time() - t0, N, ne), file=sys.stderr)
    out = Both([x for x in (A.sqlite and ToSqlite(A.sqlite), A.pg and ToCopy(conninfo=A.pg), A.copy_dir and ToCopy(directory=A.copy_dir)) if x])
    photos = [base64.b64encode(bytes(R.getrandbits(8) for _ in range(R.randrange(750, 6000)))).decode() for _ in range(64)]
    count = dict.fromkeys(TABLES, 0); buf = {t: [] for t in TABLES}
    def flush():
        for t, r in buf.items():
            if r: out.put(t, r); count[t] += len(r); buf[t] = []
    sample = set(R.sample(range(N), min(A.sample, N))); expect = {}
    nvc = len(TABLES['vcard']); vix = {c: k for k, (c, _) in enumerate(TABLES['vcard'])}
    base = 1190000000; pos = 0
    for i in range(N):
        o = jid[i]; h = host[i]; ex = {'roster': [], 'requests': [], 'private': {}, 'privacy': {'default': None, 'lists': {}}, 'vcard': {}, 'offline': 0} if i in sample else None
        odd = rnd() < A.odd; kind = int(rnd() * 5) if odd else -1
        pw = 'pw%x' % (i * 2654435761 % 4294967296)
        buf['authreg'].append((node[i], h, pw if A.passwords == 'plain' else hashlib.md5(('%s:%s:%s' % (node[i], h, pw)).encode()).hexdigest()))
        t = base + i * 7 % 30000000
        if kind != 1: buf['active'].append((o, t))
        if rnd() < .95:
            buf['logout'].append((o, t + 1000000)); last = t + 1000000
            buf['status'].append((o, 'offline', '', t + 990000, t + 1000000, "NAD<route xmlns='%s' to='sm' from='c2s'><presence xmlns='jabber:client' xmlns:sc='%s' sc:c2s='%d' sc:sm='%040x'><priority>1</priority></presence></route>" % (RNS, SNS, i % 1000, i * 40503)))
        else: last = None
        # roster
        ri, rg = buf['roster-items'], buf['roster-groups']; prev = -1
        mine = (GRP[i % 10], GRP[(i * 7 + 3) % 10])
        while pos < ne and E[pos] >> 28 == i:
            e = E[pos]; pos += 1; j = e >> 4 & 0xffffff; x = e & 15
            if j == prev: continue
            prev = j; c = jid[j]
            if x == 8:
                buf['queue'].append((o, "NAD<route xmlns='%s' from='sm' to='%s'><presence xmlns='jabber:client' from='%s' type='subscribe' to='%s'><delay xmlns='urn:xmpp:delay' from='%s' stamp='2007-09-12T15:23:21Z'></delay></presence></route>" % (RNS, h, c, o, h)))
                if ex is not None: ex['requests'].append(c)
                continue
            z = (i * 31 + j * 17) % 100
            nm = None if z < 20 else FIRST[z % 20] + ' ' + LAST[(i + j) % 15] if z < 90 else node[j]
            to, fr, ask = bool(x & 1), bool(x & 2), 1 if x == 4 else 0
            ri.append((o, c, nm, to, fr, ask))
            gs = () if z % 10 < 3 else (mine[0],) if z % 10 < 8 else mine if mine[0] != mine[1] else (mine[0],)
            for g in gs: rg.append((o, c, g))
            if ex is not None: ex['roster'].append({'jid': c, 'name': nm, 'subscription': 'both' if to and fr else 'to' if to else 'from' if fr else 'none', 'ask': 'subscribe' if ask else None, 'groups': sorted(gs)})
        # private XML
        if rnd() < .6:
            k = int(rnd() * 3) + 1
            pay = [('storage:bookmarks', "<storage xmlns='storage:bookmarks'>" + ''.join("<conference name=%s autojoin='%s' jid='room%d@conference.%s'><nick>%s</nick></conference>" % (quoteattr(FIRST[(i + q) % 20] + "'s room"), 'true' if q % 2 else 'false', (i * 13 + q) % 5000, h, escape(node[i])) for q in range(1 + i % 4)) + '</storage>'),
                   ('http://onlinegamegroup.com/xml/chesspark-01#prefs', "<prefs xmlns='http://onlinegamegroup.com/xml/chesspark-01#prefs'><board theme='%s' coords='yes'/><sound on='%s'><volume>%d</volume></sound><seek min='%d' max='%d' variant='standard'/></prefs>" % (('wood', 'marble', 'green')[i % 3], 'true' if i % 2 else 'false', i % 11, 800 + i % 700, 1500 + i % 1100)),
                   ('storage:rosternotes', "<storage xmlns='storage:rosternotes'><note jid='%s'>%s</note></storage>" % (jid[(i * 5 + 1) % N], escape(LAST[i % 15] + ' & ' + FIRST[i % 20])))][:k]
            for ns, x in pay:
                buf['private'].append((o, ns, "NAD<route xmlns='%s' from='c2s' to='sm'><iq xmlns:sc='%s' xmlns='jabber:client' sc:sm='%040x' sc:c2s='%d' id='p%d' type='set'><query xmlns='jabber:iq:private'>%s</query></iq></route>" % (RNS, SNS, i * 48271, i % 1000, i, x)))
                if ex is not None: ex['private'][ns] = x
        # privacy lists
        if rnd() < .15:
            nl = int(rnd() * 3) + 1; pi = buf['privacy-items']
            for q in range(nl):
                ln = ('blocked', 'invisible', 'práce')[q]; its = []
                for y in range(1 if q == 1 else 1 + int(rnd() * 10)):
                    b = (0, 1, 2, 4, 8, 3, 9, 7, 6)[int(rnd() * 9)]; deny = rnd() < .8; w = int(rnd() * 10)
                    ty, va = ('jid', jid[int(rnd() * N)]) if w < 6 else ('group', mine[0]) if w < 7 else ('subscription', ('both', 'to', 'from', 'none')[int(rnd() * 4)]) if w < 9 else (None, None)
                    if q == 1: ty, va, b, deny = None, None, 4, True
                    pi.append((o, ln, ty, va, deny, y + 1, b)); its.append([y + 1, ty, va, 'deny' if deny else 'allow', [s for bit, s in ((1, 'message'), (2, 'presence-in'), (4, 'presence-out'), (8, 'iq')) if b & bit]])
                if ex is not None: ex['privacy']['lists'][ln] = its
            if rnd() < .667:
                buf['privacy-default'].append((o, 'blocked'))
                if ex is not None: ex['privacy']['default'] = 'blocked'
        # vcard
        if rnd() < .4:
            v = [None] * nvc; v[0] = o; f, l = FIRST[i % 20], LAST[i % 15]
            d = {'fn': f + ' ' + l, 'nickname': node[i], 'email': 'u%d@mail.example' % i, 'bday': '19%02d-%02d-%02d' % (i % 100, 1 + i % 12, 1 + i % 28), 'n-family': l, 'n-given': f, 'adr-locality': 'Město %d' % (i % 300), 'adr-country': 'CZ', 'desc': 'I play <fast> & "loose".\nSecond line.' if i % 3 == 0 else None}
            if rnd() < .25: d['photo-type'] = 'image/png'; d['photo-binval'] = photos[i % 64]
            for c, x in d.items(): v[vix[c]] = x
            buf['vcard'].append(v)
            if ex is not None: ex['vcard'] = {c: x if c != 'photo-binval' else hashlib.sha1(x.encode()).hexdigest() for c, x in d.items() if x is not None}
        # offline messages
        if rnd() < .05:
            k = 1 + int(rnd() * 5)
            for q in range(k): buf['queue'].append((o, "NAD<route xmlns='%s' from='sm' to='%s'><message xmlns='jabber:client' from='%s/home' type='chat' to='%s' id='m%d'><delay xmlns='urn:xmpp:delay' from='%s' stamp='2007-09-%02dT10:%02d:00Z'/><body>%s</body></message></route>" % (RNS, h, jid[(i + q + 1) % N], o, q, h, 1 + q, i % 60, escape('Message %d for <%s> & friends' % (q, node[i])))))
            if ex is not None: ex['offline'] = k
        if i % 500 == 7: buf['vacation-settings'].append((o, 0, 0, 'Gone fishing'))
        # leftovers
        if kind == 0: g = 'gone%d@%s' % (i, h); ri.append((g, o, 'left behind', True, True, 0)); rg.append((g, o, 'Ghosts'))
        elif kind == 2: rg.append((o, 'nobody%d@%s' % (i, h), 'Lost'))
        elif kind == 3:
            ri.append((o, 'Mixed.Case%d@Elsewhere.Example' % i, 'Mixed', True, True, 0))
            if ex is not None: ex['roster'].append({'jid': 'mixed.case%d@elsewhere.example' % i, 'name': 'Mixed', 'subscription': 'both', 'ask': None, 'groups': []})
        elif kind == 4: buf['queue'].append((o, 'NAD<route><message'))
        if ex is not None: ex['password'] = pw; ex['logout'] = last; ex['roster'].sort(key=lambda d: d['jid']); expect[o] = ex
        if i % 2000 == 1999: flush()
        if i % 50000 == 49999: print('%6.1fs  %d users' % (time.time() - t0, i + 1), file=sys.stderr)
    buf['motd-message'].append((hosts[0], "NAD<route xmlns='%s' from='sm' to='%s'><message xmlns='jabber:client' from='admin@%s/x' to='%s/announce'><delay xmlns='urn:xmpp:delay' from='%s' stamp='2007-09-12T15:23:21Z'/><body>Hello all</body></message></route>" % (RNS, hosts[0], hosts[0], hosts[0], hosts[0])))
    flush(); print('%6.1fs  rows written, making indexes' % (time.time() - t0), file=sys.stderr)
    out.end()
    print(json.dumps(count)); print('%6.1fs  done' % (time.time() - t0), file=sys.stderr)
    if A.expect: json.dump({'args': {k: v for k, v in vars(A).items() if k in ('users', 'hosts', 'roster_avg', 'seed', 'passwords', 'odd')}, 'rows': count, 'users': expect}, open(A.expect, 'w'), ensure_ascii=False, indent=0, sort_keys=True)

if __name__ == '__main__': main()
