"""Feature space: from an empty workspace to a map, its filters in the address, and what a selection shows."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from core.audit.items import load_items
from core.audit.pairs import PAIRS_FILE
from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import end_job, list_jobs
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder
from pages._shared import scatter as scatter_module
from tests.maps import keep_known_map, keep_study_in_classes
from tests.pages.frame import FRAME, run_frame
from tests.studies import keep_audit

PAGE = "audit/feature_space.py"


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / PAGE))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def scatter(app: AppTest) -> dict[str, Any]:
    """What the map's component was handed."""
    (found,) = [
        data
        for element in app.get("bidi_component")
        if "imagePattern" in (data := json.loads(element.proto.json))
    ]
    return dict(found)


def keep_map(audit_id: str, *, seed: int = 0) -> str:
    folder = audit_folder(get_settings(), audit_id)
    n = len(load_items(folder))
    return keep_known_map(folder, np.random.default_rng(seed).random((n, 2), dtype=np.float32), seed=seed)


def test_an_empty_workspace_leads_to_the_overview(workspace: object) -> None:
    app = run_frame(PAGE)
    assert not app.exception
    assert "No study yet" in app.info[0].value


def test_a_study_without_audits_leads_on(study: StudyRecord) -> None:
    app = open_page()
    assert not app.exception
    assert "no audit yet" in app.info[0].value


def test_a_database_that_does_not_answer_is_a_sentence(failing_database: None) -> None:
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1


def test_a_first_map_is_asked_for_and_its_end_is_told(
    study: StudyRecord, audit_id: str, idle_jobs: None
) -> None:
    app = open_page()
    assert not app.exception
    assert "no map of these features yet" in app.info[0].value
    app.number_input[0].set_value(30)
    app.number_input[2].set_value(7)
    ask = next(button for button in app.button if button.label == "Make the map")
    ask.click().run()
    assert not app.exception
    database = open_database(get_settings())
    (job,) = list_jobs(database, kind="map")
    assert job.payload["extractor"] == "pixels"
    assert job.payload["options"] == {"n_neighbors": 30, "min_dist": 0.1, "seed": 7}
    # The same map is not made twice at once.
    app.number_input[0].set_value(30)
    app.number_input[2].set_value(7)
    next(button for button in app.button if button.label == "Make the map").click().run()
    assert len(list_jobs(database, kind="map")) == 1
    assert "being made already" in " ".join(one.value for one in app.info)
    end_job(database, job.id, state=JobState.FAILED, exit_reason="A file is gone.")
    app = open_page()
    assert "The last map was not made. A file is gone." in app.error[0].value


def test_ones_own_cancel_is_a_note_and_no_error(study: StudyRecord, audit_id: str, idle_jobs: None) -> None:
    app = open_page()
    next(button for button in app.button if button.label == "Make the map").click().run()
    database = open_database(get_settings())
    (job,) = list_jobs(database, kind="map")
    end_job(database, job.id, state=JobState.CANCELLED, exit_reason="Cancelled; what was finished is kept.")
    app = open_page()
    assert not app.exception
    assert not app.error
    assert any("The last map was cancelled. Features" in one.value for one in app.caption)


def test_a_map_is_shown_with_what_decided_it(study: StudyRecord, audit_id: str) -> None:
    key = keep_map(audit_id)
    app = open_page()
    assert not app.exception
    assert not app.error
    data = scatter(app)
    assert f"/maps/{audit_id}/{key}?" in data["address"]
    assert "{item}" in data["imagePattern"]
    assert [one["name"] for one in data["sets"]] == ["real", "gan"]
    assert data["view"] == {"method": "umap", "dimensions": 2, "colour": "set"}
    assert data["axes"] == ["UMAP 1", "UMAP 2"]
    text = " ".join(one.value for one in (*app.markdown, *app.caption))
    assert "distances between clusters" in text
    assert "15 neighbours, least distance 0.1, seed 0, euclidean distance on 50 principal components" in text
    assert "26 images" in text
    assert "Nothing is selected" in text
    # Nobody's file names or folders reach the browser with it.
    assert str(get_settings().home) not in json.dumps(data)


def test_the_view_stands_in_the_address(workspace: object) -> None:
    audit_id = keep_audit(keep_study_in_classes())
    newest, older = keep_map(audit_id, seed=1), keep_map(audit_id)
    app = open_page(
        map=older,
        layout="pca",
        dimensions="3",
        colour="rho",
        hide=["set:gan", "class:lung", "none", "class:gone"],
    )
    assert not app.exception
    data = scatter(app)
    assert older in data["address"]
    assert newest != older
    assert data["view"] == {"method": "pca", "dimensions": 3, "colour": "rho"}
    assert data["axes"] == ["PC 1 (50% of variance)", "PC 2 (25% of variance)", "PC 3 (12% of variance)"]
    assert data["hidden"] == {"sets": [1], "classes": [0, 2]}
    assert data["classes"] == ["heart", "lung"]
    text = " ".join(one.value for one in (*app.markdown, *app.caption))
    assert "88% of the variance" in text
    assert "Copies were searched with the extractor pixels" in text
    open_database(get_settings()).close()


def test_an_old_audit_without_pairs_says_what_is_left_out(study: StudyRecord, audit_id: str) -> None:
    keep_map(audit_id)
    (audit_folder(get_settings(), audit_id) / PAIRS_FILE).unlink()
    app = open_page(colour="status")
    assert not app.exception
    assert any("kept no image pairs" in one.value for one in app.caption)
    assert app.selectbox(key="choose_colour").options == ["Set"]


def show_selected(audit_id: str, key: str, bits: str) -> None:
    from core.config import get_settings
    from core.db.database import open_database
    from core.jobs.job_folder import audit_folder
    from core.maps.map_points import load_points
    from pages._shared.map_selection import show_selection

    settings = get_settings()
    folder = audit_folder(settings, audit_id)
    show_selection(open_database(settings), folder, audit_id, key, load_points(folder, key), bits)


def test_a_selection_is_counted_and_shown(study: StudyRecord, audit_id: str) -> None:
    key = keep_map(audit_id)
    # Without pairs there is no review to add to, whose link needs the whole dashboard.
    (audit_folder(get_settings(), audit_id) / PAIRS_FILE).unlink()
    flags = np.ones(26, dtype=bool)
    flags[3] = False
    bits = base64.b64encode(np.packbits(flags, bitorder="little").tobytes()).decode()
    app = AppTest.from_function(show_selected, args=(audit_id, key, bits)).run()
    assert not app.exception
    assert app.subheader[0].value == "25 images selected"
    assert "real 13 of 14; gan 12 of 12." in [one.value for one in app.text]
    ids = [item["id"] for item in gallery(app)["items"]]
    table = load_items(audit_folder(get_settings(), audit_id)).to_pandas()
    assert ids == table["id"][flags].tolist()
    assert gallery(app)["items"][0]["caption"].splitlines() == ["real", "0000.png"]


def record_page(**params: str) -> list[ForwardMsg]:
    """Open the map and return what the server sends to the browser."""
    sent: list[ForwardMsg] = []
    app = open_page(**params)
    ForwardMsgQueue.on_before_enqueue_msg(sent.append)
    try:
        app.run()
    finally:
        ForwardMsgQueue.on_before_enqueue_msg(None)
    assert not app.exception
    return [one for one in sent if one.metadata.delta_path]


def test_what_is_left_of_a_selection_taken_back_has_its_place(
    study: StudyRecord, audit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A selection that changes fast runs the map's fragment again before the browser was sent the last run.

    Streamlit then takes back what that run wrote, but neither what fragments within wrote nor large elements
    that the browser has had before, which it names alone. The browser may still show a map without selection:
    what refers to a block that it does not have there ends the whole page.
    """
    keep_map(audit_id)
    places = {tuple(one.metadata.delta_path) for one in record_page()}
    bits = base64.b64encode(np.packbits(np.ones(26, dtype=bool), bitorder="little").tobytes()).decode()
    shown = scatter_module.show_scatter
    monkeypatch.setattr(scatter_module, "show_scatter", lambda *args, **kw: shown(*args, **kw) or bits)
    queue, fragments, n_components = ForwardMsgQueue(), set(), 0
    for one in record_page():
        # What watches for jobs is a component too, but of no fragment.
        is_component = one.delta.new_element.HasField("bidi_component") and bool(one.delta.fragment_id)
        if "imagePattern" in one.delta.new_element.bidi_component.json:
            fragments.add(one.delta.fragment_id)
        n_components += is_component
        queue.enqueue(create_reference_msg(one) if is_component else one)
    # The map and the gallery.
    assert n_components == 2
    (fragment,) = fragments
    assert fragment
    n = len(queue)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[fragment])
    left = queue.flush()
    assert n_components <= len(left) < n
    for one in left:
        *above, at = one.metadata.delta_path
        n_inside = len({path for path in places if path[:-1] == tuple(above)})
        assert len(above) == 1 or tuple(above) in places, one
        assert at <= n_inside, one
        places.add((*above, at))


def gallery(app: AppTest) -> dict[str, Any]:
    (element,) = app.get("bidi_component")
    return dict(json.loads(element.proto.json))


def show_images(audit_id: str, ids: list[str]) -> None:
    from pages._shared.gallery import show_gallery

    show_gallery(audit_id, ids, key="pictures", captions={ids[0]: "first\nof all"}, page_size=10)


def test_a_gallery_turns_pages_and_begins_anew_with_other_images(study: StudyRecord, audit_id: str) -> None:
    ids = load_items(audit_folder(get_settings(), audit_id)).table.column("id").to_pylist()
    app = AppTest.from_function(show_images, args=(audit_id, ids)).run()
    assert gallery(app)["items"][0]["caption"] == "first\nof all"
    seen = [item["id"] for item in gallery(app)["items"]]
    assert app.button[0].disabled
    while not app.button[1].disabled:
        app.button[1].click().run()
        seen += [item["id"] for item in gallery(app)["items"]]
    assert seen == ids
    assert app.caption[0].value == "Images 21 to 26 of 26, page 3 of 3."
    assert all(f"/images/{audit_id}/{one['id']}?" in one["samples"] for one in gallery(app)["items"])
