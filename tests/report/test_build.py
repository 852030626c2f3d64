"""What the build of the site takes out of a page, and what it leaves as written."""

import re
from pathlib import Path

from dtl.report.build import with_breaks, without_indent
from dtl.report.joined import join

PAGE = """<body>
    <p>one
       two</p>

    <pre><code>a:
  - b

  - c</code></pre>
    <textarea>
      kept</textarea>
  <script>
    const text = `x
      y`;
  </script>
</body>
"""


def test_indents_go_and_what_is_shown_as_written_stays() -> None:
    slim = without_indent(PAGE)
    assert slim.startswith("<body>\n<p>one\ntwo</p>\n<pre>")
    assert "\n    <" not in slim and "\n\n    <" not in slim
    for written in ("a:\n  - b\n\n  - c", "\n      kept", "\n    const text = `x\n      y`;\n  "):
        assert written in slim
    assert slim.split() == PAGE.split()


def test_names_in_tables_may_be_broken_after_an_underscore_and_stay_the_same_text() -> None:
    cell = "<td><code>hours_over_h</code> of <code>g_h</code></td>"
    rest = "<td>a_b</td><p><code>c_d</code></p><pre><code>e_f</code></pre>"
    told = with_breaks(cell + rest)
    assert told == "<td><code>hours_<wbr>over_<wbr>h</code> of <code>g_<wbr>h</code></td>" + rest


def test_scripts_and_styles_that_follow_each_other_are_one_file_in_their_order(tmp_path: Path) -> None:
    scripts = tmp_path / "assets/dtl"
    scripts.mkdir(parents=True)
    for name in ("a.js", "b.js", "c.js", "a.css", "b.css"):
        (scripts / name).write_text(f"/* {name} */", encoding="utf-8")
    style = '<link rel="stylesheet" href="assets/dtl/{}.css">\n'
    script = '<script src="assets/dtl/{}.js"></script>\n'
    template = "<template>\n" + script.format("c") + '<script src="assets/theme.js"></script>\n</template>\n'
    page = style.format("a") + style.format("b") + "<p>text</p>\n" + template + script.format("b") + script.format("a")
    told = join(page + '<script src="run.js"></script>\n', tmp_path)
    css, js = (re.findall(rf"assets/dtl/joined-\w+\.{kind}", told) for kind in ("css", "js"))
    assert told == (
        f'<link rel="stylesheet" href="{css[0]}">\n<p>text</p>\n{template}<script src="{js[0]}"></script>\n'
        '<script src="run.js"></script>\n'
    )
    assert (tmp_path / css[0]).read_text() == "/* a.css */\n/* b.css */"
    assert (tmp_path / js[0]).read_text() == "/* b.js */\n/* a.js */"
    assert join(page, tmp_path) == told.removesuffix('<script src="run.js"></script>\n'), (
        "the same files, the same name"
    )
    assert len(list(scripts.glob("joined-*"))) == 2
    assert join(script.format("a") + "<p></p>", tmp_path) == script.format("a") + "<p></p>", "one file stays as it is"
