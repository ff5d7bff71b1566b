"""The local Slack's page with what its own code lacks put in as it passes: above all forms that behave as Slack's do.

Slack's forms show what is chosen from the start and keep it when the form changes, tell the bot of a choice whose
field asks for that, mark what is optional, and say what is wrong below the field. The page's code is one line of
minified JavaScript, of a version that is pinned by its hash, so each piece of it is found by its text.
"""

PERSON_COOKIE = "person"
_STYLE = """<style>
.bk-section:has(> .bk-button) { display: flex; align-items: center; justify-content: space-between; gap: 16px }
.bk-section > .bk-button { flex: none; padding: 3px 12px }
button, input, select, textarea { font-family: inherit }
.sidebar-item { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.sidebar-item .hash, .sidebar-item .dot { margin-right: 6px }
.bk-image { margin: 4px 0 }
.bk-select { background: #fff }
.bk-input { margin-bottom: 6px }
.bk-input .bk-plain-input { max-width: none; box-sizing: border-box }
.bk-input textarea { min-height: 72px; resize: vertical }
.bk-optional { color: var(--muted); font-weight: 400 }
</style>"""
"""A section's button stands at its right, a form's fields are of one width, letters of one kind, as in Slack."""

_MENDED = {
    "try /echo hi": "try /deploy help",
    "</head>": f"{_STYLE}</head>",
    '[V.members.length," members"]': '[V.members.length,V.members.length===1?" member":" members"]',
    # a person's direct messages are called by the other side, which is the bot
    "l.members.find(g=>!a.includes(g))": (
        f'l.members.find(g=>!a.includes(g)&&!document.cookie.includes("{PERSON_COOKIE}="+g))??a[0]'
    ),
    # what was filled in stays while the same form is changed
    "Q.useEffect(()=>{k({})},[m==null?void 0:m.id,l.length])": "Q.useEffect(()=>{k({})},[l.length])",
    # what was wrong stands below its field
    "f.jsx(ei,{blocks:m.blocks,ctx:{input:C}}),c&&Object.entries(c).map(([R,L])=>": (
        "f.jsx(ei,{blocks:m.blocks,ctx:{input:C,errors:c,onAction:R=>pe.send(JSON.stringify("
        '{t:"block_action",channel:"",messageTs:"",user:a,action:R,values:g}))}}),'
        "c&&Object.entries(c).filter(([R])=>!m.blocks.some(L=>L.block_id===R)).map(([R,L])=>"
    ),
    'l.label&&f.jsx("label",{className:"bk-label",children:l.label.text})': (
        'l.label&&f.jsxs("label",{className:"bk-label",children:[l.label.text,'
        'l.optional&&f.jsx("span",{className:"bk-optional",children:" (optional)"})]})'
    ),
    "f.jsx(Wl,{el:l.element,blockId:c,ctx:a,input:!0})": (
        'f.jsx(Wl,{el:l.element,blockId:c,ctx:a,input:l.dispatch_action?"tells":"waits"}),'
        'a.errors&&a.errors[c]&&f.jsx("div",{className:"modal-error",children:a.errors[c]})'
    ),
    # a menu shows its initial option, and tells of another
    "const V=((L=(R=K.get(c,g))==null?void 0:R.selected_option)==null?void 0:L.value)??": (
        "const V=((L=(R=K.get(c,g)??{selected_option:l.initial_option}).selected_option)==null?void 0:L.value)??"
    ),
    'K.set(c,g,{type:"static_select",selected_option:de})': (
        'K.set(c,g,{type:"static_select",selected_option:de}),'
        'm==="tells"&&k({type:"static_select",selected_option:de})'
    ),
    # a text field may have lines, and tells of its text when Enter is pressed
    'return f.jsx("input",{className:"bk-plain-input",placeholder:': (
        'return f.jsx(l.multiline?"textarea":"input",{className:"bk-plain-input",'
        'onKeyDown:D=>m==="tells"&&D.key==="Enter"&&k({type:"plain_text_input",value:D.target.value}),placeholder:'
    ),
}


def mended(page: str) -> str:
    """The page with all of it; ValueError names the piece of code that is not there just once."""
    for found, wanted in _MENDED.items():
        if page.count(found) != 1:
            raise ValueError(f"the local Slack's page has {found!r} {page.count(found)} times")
        page = page.replace(found, wanted)
    return page
