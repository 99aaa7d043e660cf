"""XML in all its notations arrives with the same meaning."""

import xml.etree.ElementTree as ET

from player import demand
from read_back import shape

CASES = {
    "languages": "<message xmlns='jabber:client' xml:lang='de'><body>Zug</body><body xml:lang='en'>move</body></message>",
    "namespaces": "<message xmlns='jabber:client'><game xmlns='urn:example:a'><move xmlns='urn:example:b' n='1'/><move/></game></message>",
    "prefixes": "<message xmlns='jabber:client'><x:game xmlns:x='urn:example:x' x:id='1' id='2'><y:move xmlns:y='urn:example:y' y:n='3'/>"
                "</x:game></message>",
    "a prefix of the stanza": "<message xmlns='jabber:client' xmlns:x='urn:example:x'><game xmlns='urn:example:a' x:id='1'><x:move/></game>"
                              "</message>",
    "no namespace": "<message xmlns='jabber:client'><game xmlns='urn:example:a'><plain xmlns=''/></game></message>",
    "the stream's namespace": "<message xmlns='jabber:client'><game xmlns='urn:example:a'><message xmlns='jabber:client'><body>inside"
                              "</body></message></game></message>",
    "entities": "<message xmlns='jabber:client'><body>&lt;&amp;&gt;&quot;&apos;&#x1F984;&#228; ]]&gt;</body>"
                "<game xmlns='urn:example:a' move='&lt;&amp;&gt;&quot;&apos;&#xE4;'/></message>",
    "white space in an attribute": "<message xmlns='jabber:client'><game xmlns='urn:example:a' move='1&#10;2&#9;3'/></message>",
    "CDATA": "<message xmlns='jabber:client'><body><![CDATA[<b>&amp;</b>]]> and <![CDATA[]]]]><![CDATA[>]]></body></message>",
    "white space": "<message xmlns='jabber:client'>\n <body>  two\n\tlines  </body>\n</message>",
    "mixed content": "<message xmlns='jabber:client'><html xmlns='urn:example:h'>a <b>bold</b> <i/> move</html></message>",
}
IGNORED = ("from", "to", "id", "type")
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def meaning(element: ET.Element, language: bool) -> tuple:
    """Its shape without the addresses, without white space between the children of the stanza itself, and whatever their order."""
    copy = ET.fromstring(ET.tostring(element))
    for name in IGNORED if language else (*IGNORED, LANGUAGE):
        copy.attrib.pop(name, None)
    copy.text = (copy.text or "").strip()
    for child in copy:
        child.tail = (child.tail or "").strip()
    copy[:] = sorted(copy, key=lambda child: repr(shape(child)))
    return shape(copy)


async def run(stage):
    wrong = []
    for near, far in stage.both_ways:
        a, b = await near.online(near.first), await far.online(far.first)
        for name, xml in CASES.items():
            expected = far.expects(f"receives {name}", near.expects(f"sends {name}", xml))
            if not expected:
                continue
            id = a.new_id()
            a.send_raw(xml.replace("<message", f"<message type='chat' id='{id}' to='{b.full}'", 1))
            got = (await b.until(f"the message with {name}", lambda: [m for m in b.messages if m["id"] == id]))[0].xml
            expected = ET.fromstring(expected)
            # A server adds the language of the stream to a stanza without one (RFC 6120 §4.7.4).
            language = LANGUAGE in expected.attrib
            if meaning(got, language) != meaning(expected, language):
                wrong.append(f"{name}, from {near.cast.one}: {xml}\n  arrived as {ET.tostring(got, encoding='unicode')}")
        await stage.leave()
    demand(not wrong, "\n".join(wrong))
