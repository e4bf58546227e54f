"""Rows as MediaCrawler writes them, made up: every platform, kind and generation.

Each case: platform, item, generation (1 before 2026-07-01, 2 after), row, expected fields.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    platform: str
    item: str
    generation: int
    row: dict[str, Any]
    expected: dict[str, Any]

    @property
    def path(self) -> str:
        return f"data/{self.platform}/jsonl/search_{self.item}_2026-08-01.jsonl"


S = 1_780_000_000
"""2026-05-29 04:26:40 +08:00."""
MS = S * 1000 + 250
HASH = "9f86d081884c7d65"
WHEN = "2026-05-29 04:26:40"
CONTENT, COMMENT = "奶茶里喝出虫子，客服不理", "同款遭遇，退钱"


def both(
    platform: str,
    item: str,
    common: dict[str, Any],
    v1: dict[str, Any],
    v2: dict[str, Any],
    expected: dict[str, Any],
    author: str = "70001",
) -> list[Case]:
    name = {"name": "喝茶的人"} if item != "creators" else {}
    first = {**expected, "author": author, **name} if item != "creators" else expected
    second = {**expected, "author": HASH, "name": "喝***人"} if item != "creators" else expected
    return [
        Case(platform, item, 1, {**common, **v1, "last_modify_ts": MS}, first),
        Case(platform, item, 2, {**common, **v2, "last_modify_ts": MS}, second),
    ]


USER_1 = {"user_id": "70001", "nickname": "喝茶的人", "avatar": "https://a/x.jpg", "ip_location": "四川"}
USER_2 = {"creator_hash": HASH, "nickname": "喝***人"}
ZHIHU_1 = {"user_id": "70001", "user_link": "https://z/p", "user_nickname": "喝茶的人", "user_avatar": ""}
ZHIHU_2 = {"creator_hash": HASH, "user_nickname": "喝***人"}
TIEBA_1 = {
    "user_link": "https://tieba.baidu.com/home/main?id=tb.1.70001&fr=pb",
    "user_nickname": "喝茶的人",
    "user_avatar": "",
    "ip_location": "四川",
}

CASES: list[Case] = [
    *both(
        "weibo",
        "contents",
        {
            "note_id": "5012345678901234",
            "content": CONTENT,
            "create_time": S,
            "create_date_time": f"{WHEN}+08:00",
            "liked_count": "1.2万",
            "comments_count": "0",
            "shared_count": "None",
            "note_url": "https://m.weibo.cn/detail/5012345678901234",
            "source_keyword": "青山茶饮",
        },
        {**USER_1, "gender": "f", "profile_url": ""},
        USER_2,
        {
            "id": "5012345678901234",
            "text": CONTENT,
            "at": S,
            "likes": 12000,
            "comments": 0,
            "reposts": None,
            "url": "https://m.weibo.cn/detail/5012345678901234",
        },
    ),
    *both(
        "weibo",
        "comments",
        {
            "comment_id": "5012345678909999",
            "create_time": S + 5,
            "create_date_time": f"{WHEN[:-2]}45+08:00",
            "note_id": "5012345678901234",
            "content": COMMENT,
            "sub_comment_count": "3",
            "comment_like_count": "10万+",
            "parent_comment_id": 5012345678909999,
        },
        USER_1,
        USER_2,
        {
            "id": "comment:5012345678909999",
            "text": COMMENT,
            "at": S + 5,
            "likes": 100000,
            "comments": 3,
            "parent": "5012345678901234",
            "root": "5012345678901234",
        },
    ),
    *both(
        "xhs",
        "contents",
        {
            "note_id": "665f00000000000001",
            "type": "normal",
            "title": "避雷这家奶茶",
            "desc": CONTENT,
            "video_url": "",
            "time": MS,
            "last_update_time": MS,
            "liked_count": "1.5万",
            "collected_count": "20",
            "comment_count": "",
            "share_count": "7",
            "image_list": "",
            "tag_list": "奶茶,避雷",
            "note_url": "https://www.xiaohongshu.com/explore/665f00000000000001?xsec_token=t",
            "source_keyword": "青山茶饮",
            "xsec_token": "t",
        },
        USER_1,
        USER_2,
        {
            "id": "665f00000000000001",
            "text": f"避雷这家奶茶\n{CONTENT}",
            "title": "避雷这家奶茶",
            "at": MS / 1000,
            "likes": 15000,
            "comments": None,
            "reposts": 7,
        },
    ),
    *both(
        "xhs",
        "comments",
        {
            "comment_id": "66600000000000000a",
            "create_time": MS,
            "note_id": "665f00000000000001",
            "content": COMMENT,
            "sub_comment_count": "2",
            "pictures": "",
            "like_count": "9",
        },
        {**USER_1, "parent_comment_id": 0},
        {**USER_2, "parent_comment_id": ""},
        {
            "id": "comment:66600000000000000a",
            "text": COMMENT,
            "at": MS / 1000,
            "likes": 9,
            "parent": "665f00000000000001",
            "root": "665f00000000000001",
        },
    ),
    *both(
        "douyin",
        "contents",
        {
            "aweme_id": "7400000000000000001",
            "aweme_type": "0",
            "title": CONTENT,
            "desc": CONTENT,
            "create_time": S,
            "liked_count": "33",
            "collected_count": "1",
            "comment_count": "2",
            "share_count": "4",
            "aweme_url": "https://www.douyin.com/video/7400000000000000001",
            "cover_url": "",
            "source_keyword": "青山茶饮",
        },
        {**USER_1, "sec_uid": "MS4w", "short_user_id": "1", "user_unique_id": "u", "user_signature": ""},
        USER_2,
        {
            "id": "7400000000000000001",
            "text": CONTENT,
            "title": None,
            "at": S,
            "likes": 33,
            "comments": 2,
            "reposts": 4,
        },
    ),
    *both(
        "douyin",
        "comments",
        {
            "comment_id": "7400000000000000777",
            "create_time": S,
            "aweme_id": "7400000000000000001",
            "content": COMMENT,
            "sub_comment_count": "0",
            "like_count": 5,
            "parent_comment_id": "7400000000000000555",
            "pictures": "",
        },
        {**USER_1, "sec_uid": "MS4w"},
        USER_2,
        {
            "id": "comment:7400000000000000777",
            "text": COMMENT,
            "at": S,
            "likes": 5,
            "parent": "comment:7400000000000000555",
            "root": "7400000000000000001",
        },
    ),
    *both(
        "bili",
        "contents",
        {
            "video_id": "170001",
            "video_type": "video",
            "title": "实测青山茶饮",
            "desc": CONTENT,
            "create_time": S,
            "liked_count": "10",
            "disliked_count": "0",
            "video_play_count": "9999",
            "video_favorite_count": "1",
            "video_share_count": "6",
            "video_coin_count": "2",
            "video_danmaku": "12",
            "video_comment": "8",
            "video_url": "https://www.bilibili.com/video/av170001",
            "video_cover_url": "",
            "source_keyword": "青山茶饮",
        },
        USER_1,
        USER_2,
        {
            "id": "170001",
            "text": f"实测青山茶饮\n{CONTENT}",
            "title": "实测青山茶饮",
            "at": S,
            "likes": 10,
            "comments": 8,
            "reposts": 6,
        },
    ),
    *both(
        "bili",
        "comments",
        {
            "comment_id": "230000000001",
            "parent_comment_id": "0",
            "create_time": S,
            "video_id": "170001",
            "content": COMMENT,
            "sub_comment_count": "1",
            "like_count": 4,
        },
        {"user_id": 70001, "nickname": "喝茶的人", "sex": "保密", "sign": "", "avatar": ""},
        USER_2,
        {
            "id": "comment:230000000001",
            "text": COMMENT,
            "at": S,
            "likes": 4,
            "parent": "170001",
            "root": "170001",
        },
    ),
    *both(
        "kuaishou",
        "contents",
        {
            "video_id": "3xabcdef",
            "video_type": "1",
            "title": CONTENT,
            "desc": CONTENT,
            "create_time": MS,
            "liked_count": "88",
            "viewd_count": "1.1万",
            "video_url": "https://www.kuaishou.com/short-video/3xabcdef",
            "video_cover_url": "",
            "video_play_url": "",
            "source_keyword": "青山茶饮",
        },
        USER_1,
        USER_2,
        {"id": "3xabcdef", "text": CONTENT, "title": None, "at": MS / 1000, "likes": 88, "reposts": None},
    ),
    *both(
        "kuaishou",
        "comments",
        {
            "comment_id": "900001",
            "create_time": MS,
            "video_id": "3xabcdef",
            "content": COMMENT,
            "sub_comment_count": "0",
        },
        USER_1,
        USER_2,
        {
            "id": "comment:900001",
            "text": COMMENT,
            "at": MS / 1000,
            "likes": None,
            "parent": "3xabcdef",
            "root": "3xabcdef",
        },
    ),
    *both(
        "tieba",
        "contents",
        {
            "note_id": "8800000001",
            "title": "青山茶饮还能喝吗",
            "desc": CONTENT,
            "note_url": "https://tieba.baidu.com/p/8800000001",
            "publish_time": WHEN[:-3],
            "tieba_name": "奶茶吧",
            "tieba_link": "https://tieba.baidu.com/f?kw=x",
            "total_replay_num": 21,
            "total_replay_page": 1,
            "source_keyword": "青山茶饮",
        },
        TIEBA_1,
        {"creator_hash": HASH, "user_nickname": "喝***人"},
        {
            "id": "8800000001",
            "text": f"青山茶饮还能喝吗\n{CONTENT}",
            "title": "青山茶饮还能喝吗",
            "at": S - 40,
            "comments": 21,
            "likes": None,
        },
        author="tb.1.70001",
    ),
    *both(
        "tieba",
        "comments",
        {
            "comment_id": "150000000001",
            "parent_comment_id": "",
            "content": COMMENT,
            "publish_time": WHEN,
            "sub_comment_count": 0,
            "note_id": "8800000001",
            "note_url": "https://tieba.baidu.com/p/8800000001",
            "tieba_id": "1",
            "tieba_name": "奶茶吧",
        },
        TIEBA_1,
        {"creator_hash": HASH, "user_nickname": "喝***人"},
        {
            "id": "comment:150000000001",
            "text": COMMENT,
            "at": S,
            "parent": "8800000001",
            "root": "8800000001",
            "url": "https://tieba.baidu.com/p/8800000001",
        },
        author="tb.1.70001",
    ),
    *both(
        "zhihu",
        "contents",
        {
            "content_id": "3300001",
            "content_type": "answer",
            "content_text": CONTENT,
            "content_url": "https://www.zhihu.com/question/9/answer/3300001",
            "question_id": "9",
            "title": "如何看待青山茶饮",
            "desc": "",
            "created_time": S,
            "updated_time": S,
            "voteup_count": 77,
            "comment_count": 6,
            "source_keyword": "青山茶饮",
        },
        ZHIHU_1,
        ZHIHU_2,
        {
            "id": "answer:3300001",
            "text": f"如何看待青山茶饮\n{CONTENT}",
            "title": "如何看待青山茶饮",
            "at": S,
            "likes": 77,
            "comments": 6,
        },
    ),
    *both(
        "zhihu",
        "comments",
        {
            "comment_id": "110001",
            "parent_comment_id": "110000",
            "content": COMMENT,
            "publish_time": S,
            "sub_comment_count": 0,
            "like_count": 2,
            "dislike_count": 0,
            "content_id": "3300001",
            "content_type": "answer",
        },
        ZHIHU_1,
        ZHIHU_2,
        {
            "id": "comment:110001",
            "text": COMMENT,
            "at": S,
            "likes": 2,
            "parent": "comment:110000",
            "root": "answer:3300001",
        },
    ),
]

CREATOR = {"nickname": "大V", "avatar": "", "ip_location": "", "gender": "Male", "desc": ""}
FANS_V2: dict[str, Any] = {"creator_hash": HASH, "nickname": "大**"}
CREATORS: list[Case] = [
    Case(
        platform,
        "creators",
        1,
        {**CREATOR, "user_id": "70001", "last_modify_ts": MS, **row},
        {"id": "70001", "followers": followers, **expected},
    )
    for platform, row, followers, expected in (
        ("weibo", {"follows": 12, "fans": 1203, "tag_list": ""}, 1203, {"friends": 12}),
        (
            "xhs",
            {"follows": "3", "fans": "1.2万", "interaction": "10万+", "tag_list": "{}"},
            12000,
            {"friends": 3},
        ),
        ("douyin", {"follows": 1, "fans": 99, "interaction": 5, "videos_count": 44}, 99, {"statuses": 44}),
        (
            "bili",
            {"total_fans": 500, "total_liked": 1, "user_rank": 6, "is_official": 1, "sex": "男", "sign": ""},
            500,
            {"verified": True, "badge": "机构认证"},
        ),
        ("kuaishou", {"follows": "8", "fans": "2.5万", "interaction": "3"}, 25000, {"friends": 8}),
        ("tieba", {"follows": "1", "fans": "17", "user_name": "x", "registration_duration": "3"}, 17, {}),
        ("zhihu", {"follows": 0, "fans": 7, "anwser_count": 1, "get_voteup_count": 2}, 7, {"friends": 0}),
    )
] + [
    Case(
        platform,
        "creators",
        2,
        {**FANS_V2, **row, "last_modify_ts": MS},
        {"id": HASH, "followers": None, "name": "大**"},
    )
    for platform, row in (
        ("weibo", {"tag_list": "", "desc": ""}),
        ("xhs", {"interaction": "1", "tag_list": ""}),
        ("douyin", {"interaction": 1, "videos_count": 4}),
        ("bili", {"total_liked": 1, "user_rank": 6}),
        ("kuaishou", {"interaction": "3"}),
        ("tieba", {"registration_duration": "3"}),
        ("zhihu", {"get_voteup_count": 2}),
    )
]
