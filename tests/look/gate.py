#!/usr/bin/env python3
"""Writes src/web/gate.txt anew: whom each route lets in, as its handler says now. Look at what changed before you commit it.

    python3 tests/look/gate.py

A row marked `??` names more than one right: choose the one that opens the page, the handler looks at the other."""
import re,glob,sys,os
root=os.path.join(os.path.dirname(os.path.abspath(__file__)),'../..')
rows={}
def strip(s): return re.sub(r'//[^\n]*','',s)
def args_end(s,i):
    d=0
    while True:
        c=s[i]
        if c=='"':
            i=s.index('"',i+1)
        elif c in '([{': d+=1
        elif c in ')]}':
            d-=1
            if d==0: return i
        i+=1
def fn_src(src,name):
    m=re.search(r'\basync fn '+name+r'\s*(<[^>]*>)?\(',src)
    if not m: return None
    e=args_end(src,m.end()-1)
    sig=src[m.end():e]
    b=src.index('{',e)
    return sig, src[b:args_end(src,b)]
def need(src,name,default):
    f=fn_src(src,name)
    if f is None: return '??'+name
    sig,body=f
    perms=re.findall(r'\.need\(\s*Permission::(\w+)',body)
    if not perms:
        # one helper deep
        for call in re.findall(r'\b([a-z_]+)\(',body):
            g=fn_src(src,call) if call!=name else None
            if g: perms+=re.findall(r'\.need\(\s*Permission::(\w+)',g[1])
            m=re.search(r'(?<!async )\bfn '+call+r'\b[^{]*\{',src)
            if m:
                b=src[m.end()-1:args_end(src,m.end()-1)]
                perms+=re.findall(r'\.need\(\s*Permission::(\w+)',b)
    kind='anybody'
    if re.search(r'\bStaff\b',sig): kind='employee'
    elif re.search(r'Result<SignedIn',sig): kind='anybody'
    elif 'SignedIn' in sig: kind='signed-in'
    elif 'Authed' in sig: kind='signed-in'
    if perms:
        p=list(dict.fromkeys(perms))
        return ' '.join(p)+('' if len(p)==1 else '  ??')
    return kind
for p in sorted(glob.glob(root+'/src/web/pages/**/*.rs',recursive=True)):
    src=strip(open(p).read())
    cut=src.find('#[cfg(test)]\nmod tests {')
    if cut>0: src=src[:cut]
    for m in re.finditer(r'\.route\(\s*"([^"]+)"\s*,',src):
        e=args_end(src,src.index('(',m.start()))
        methods=src[m.end():e]
        for mm in re.finditer(r'\b(get|post|put|patch|delete)\(\s*([\w:]+)',methods):
            verb,h=mm.group(1).upper(),mm.group(2)
            s=src
            if '::' in h:
                mod,h=h.split('::')[-2:]
                q=os.path.join(os.path.dirname(p),mod+'.rs')
                if os.path.exists(q): s=strip(open(q).read())
            rows[(m.group(1),verb)]=need(s,h,None)
for p in sorted(glob.glob(root+'/src/web/api/**/*.rs',recursive=True)):
    src=open(p).read()
    for m in re.finditer(r'#\[utoipa::path\(\s*(get|post|put|patch|delete),\s*path = "([^"]+)"',src):
        f=re.search(r'async fn (\w+)',src[m.end():])
        rows[('/api/v1'+m.group(2),m.group(1).upper())]=need(src,f.group(1),None)
rows[('/api/v1/openapi.json','GET')]='anybody'
width = max(len(path) for path, _ in rows)
table = os.path.join(root, 'src/web/gate.txt')
head = [line for line in open(table) if line.startswith('#')]
with open(table, 'w') as out:
    out.writelines(head)
    for (path, verb), right in sorted(rows.items()):
        out.write(f'{verb:6} {path:{width}}  {right}\n')
